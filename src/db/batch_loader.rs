//! Look-ups by key that are in flight at once, as one query: of many requests at a time each would have to wait for a
//! connection of its own, and the database would be asked the same thing over and over.
//!
//! Nothing is kept: a query begins after the keys were asked for that it answers, so whoever reads after a write sees
//! it. When there is little to do, a key is looked up at once and by itself.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::sea_query::{Expr, IntoValueTuple, Query as Sql, SelectStatement};
use sea_orm::{ConnectionTrait, TryGetable};
use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use crate::db::TxResult;
use crate::entity::{admin_user, customer};
use crate::error::{Error, Result};

/// The most keys of one query.
const MOST_KEYS: usize = 256;

/// The most keys that wait. Each request that is worked on waits for one at a time, so there are never as many of
/// clients that still wait. Keys of clients that hung up are removed before the next query, and when there is no room.
const MOST_WAITING: usize = 65_536;

/// What is looked up by many at once.
#[derive(Debug, Default)]
pub struct BatchLoaders {
    /// Admins by public identifier.
    pub admins: Arc<BatchLoader<Uuid, admin_user::Account>>,
    /// Admins by their public identifier and that of one of their sessions.
    pub admin_sessions: Arc<BatchLoader<(Uuid, Uuid), admin_user::Account>>,
    /// Customers by public identifier.
    pub customers: Arc<BatchLoader<Uuid, customer::Model>>,
    /// Customers by their public identifier and that of one of their sessions.
    pub sessions: Arc<BatchLoader<(Uuid, Uuid), customer::Model>>,
}

/// Look-ups of one kind.
#[derive(Debug)]
pub struct BatchLoader<K, V>(Mutex<LoaderState<K, V>>);

#[derive(Debug)]
struct LoaderState<K, V> {
    waiting: Vec<(K, oneshot::Sender<Result<Option<V>>>)>,
    /// Whether a query runs. One at a time: what comes meanwhile goes together with the next, and the more that is the
    /// less each costs (two at a time answered 7 % fewer requests).
    is_running: bool,
}

impl<K, V> Default for BatchLoader<K, V> {
    fn default() -> Self {
        Self(Mutex::new(LoaderState { waiting: Vec::new(), is_running: false }))
    }
}

impl<K, V> BatchLoader<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value of a key, none when there is none. `fetch` gets several keys, each once.
    ///
    /// # Errors
    /// Those of `fetch`, for each of the keys; [`Error::Unavailable`] when too many wait.
    pub async fn get<F>(
        self: &Arc<Self>,
        key: K,
        fetch: impl Fn(Vec<K>) -> F + Send + 'static,
    ) -> Result<Option<V>>
    where
        F: Future<Output = Result<HashMap<K, V>>> + Send + 'static,
    {
        let (sender, found) = oneshot::channel();
        let idle = {
            let mut state = self.state();
            if state.waiting.len() >= MOST_WAITING {
                state.forget_the_gone();
            }
            if state.waiting.len() >= MOST_WAITING {
                return Err(Error::unavailable("too many look-ups are waiting"));
            }
            state.waiting.push((key, sender));
            !std::mem::replace(&mut state.is_running, true)
        };
        if idle {
            // By itself: the request that started it may be given up, and others wait as well.
            let query = Query { lookup: Arc::clone(self), ended: false };
            tokio::spawn(query.run(fetch).in_current_span());
        }
        found.await.unwrap_or_else(|_| Err(Error::internal("a look-up ended without an answer")))
    }
}

impl<K, V> LoaderState<K, V> {
    /// Removes the keys of callers that don't wait any more.
    fn forget_the_gone(&mut self) {
        self.waiting.retain(|(_, sender)| !sender.is_closed());
    }
}

impl<K, V> BatchLoader<K, V> {
    fn state(&self) -> MutexGuard<'_, LoaderState<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queries that run one after the other; when they end, by a panic as well, others may begin.
struct Query<K, V> {
    lookup: Arc<BatchLoader<K, V>>,
    ended: bool,
}

impl<K, V> Query<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Answers whoever waits, until nobody does.
    async fn run<F>(mut self, fetch: impl Fn(Vec<K>) -> F)
    where
        F: Future<Output = Result<HashMap<K, V>>> + Send,
    {
        // Requests that have been read already come first.
        tokio::task::yield_now().await;
        loop {
            let waiting = {
                let mut state = self.lookup.state();
                state.forget_the_gone();
                if state.waiting.is_empty() {
                    // Before anybody else sees the state: who comes now has to start a query.
                    state.is_running = false;
                    self.ended = true;
                    return;
                }
                let count = state.waiting.len().min(MOST_KEYS);
                state.waiting.drain(..count).collect::<Vec<_>>()
            };
            let keys: HashSet<K> = waiting.iter().map(|(key, _)| *key).collect();
            let found = fetch(keys.into_iter().collect()).await;
            for (key, sender) in waiting {
                // An error means that nobody waits any more.
                let _given_up = sender.send(match &found {
                    Ok(rows) => Ok(rows.get(&key).cloned()),
                    Err(error) => Err(error.clone_for_waiters()),
                });
            }
        }
    }
}

impl<K, V> Drop for Query<K, V> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.lookup.state();
        state.is_running = false;
        // Nobody would answer those; they are told that it went wrong.
        state.waiting.clear();
    }
}

/// So many keys that there are few statements, which databases keep: the last one is repeated up to a power of two.
pub fn pad_to_power_of_two<K: Copy>(mut keys: Vec<K>) -> Vec<K> {
    if let Some(last) = keys.last().copied() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

/// What a select of one value finds for each of many keys, none when nothing. `of` gets what stands for the key in it.
/// Up to a thousand keys: a statement has a limited number of parameters.
///
/// Each key is a look into an index. Asked for all of them at once (`IN`), a database that knows little of a table yet,
/// because it grows while it is asked, reads all of it.
///
/// # Errors
/// Those of the database.
pub async fn select_per_key<K, V>(
    db: &impl ConnectionTrait,
    keys: Vec<K>,
    of: impl FnOnce(Expr) -> SelectStatement,
) -> TxResult<HashMap<K, Option<V>>>
where
    K: Eq + Hash + IntoValueTuple + TryGetable,
    V: TryGetable,
{
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let asked = Sql::select()
        .column(("asked", "column1"))
        .expr_as(of(Expr::col(("asked", "column1"))), "found")
        .from_values(keys, "asked")
        .take();
    let rows = db.query_all(&asked).await?;
    let found = rows.iter().map(|row| Ok((row.try_get("", "column1")?, row.try_get("", "found")?)));
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::{BatchLoader, MOST_WAITING, pad_to_power_of_two};
    use crate::error::{Error, Result};
    use futures_util::FutureExt;
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn keys_that_wait_go_together_and_nothing_is_kept() {
        let lookup: Arc<BatchLoader<u32, String>> = Arc::default();
        let (asked, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let get = |key: u32| {
            let (lookup, asked, open) = (Arc::clone(&lookup), Arc::clone(&asked), Arc::clone(&open));
            tokio::spawn(async move {
                let fetch = move |keys: Vec<u32>| {
                    let (asked, open) = (Arc::clone(&asked), Arc::clone(&open));
                    async move {
                        asked.lock().unwrap().push(keys.len());
                        open.acquire().await.unwrap().forget();
                        if keys.contains(&13) {
                            return Err(Error::unavailable("13"));
                        }
                        let rows = keys.into_iter().filter(|key| *key != 7);
                        Ok(rows.map(|key| (key, format!("row {key}"))).collect::<HashMap<_, _>>())
                    }
                };
                let found: Result<Option<String>> = lookup.get(key, fetch).await;
                found
            })
        };
        let first: Vec<_> = (0..2).map(get).collect();
        while asked.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let rest: Vec<_> = (2..10).chain(2..10).map(get).collect();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        open.add_permits(10);
        for (number, found) in first.into_iter().chain(rest).enumerate() {
            let key = if number < 10 { number } else { number - 8 };
            let expected = (key != 7).then(|| format!("row {key}"));
            assert_eq!(found.await.unwrap().unwrap(), expected);
        }
        let queries = asked.lock().unwrap().clone();
        assert!(queries.len() <= 4 && queries.contains(&8), "{queries:?}");
        // Asked again, it is looked up again; an error is everybody's, and the next one's no more.
        open.add_permits(10);
        assert_eq!(get(5).await.unwrap().unwrap().as_deref(), Some("row 5"));
        assert!(matches!(get(13).await.unwrap(), Err(Error::Unavailable { .. })));
        assert_eq!(get(5).await.unwrap().unwrap().as_deref(), Some("row 5"));
        assert_eq!(asked.lock().unwrap().len(), queries.len() + 3);
    }

    /// Queries end while others ask: nobody is forgotten between the last look and the end.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nobody_is_forgotten() {
        let lookup: Arc<BatchLoader<u32, u32>> = Arc::default();
        // All of a round have to be answered before the next begins, so that nobody new helps one who was forgotten.
        for _ in 0..2000 {
            let asking = (0..6).map(|key| {
                let lookup = Arc::clone(&lookup);
                tokio::spawn(async move {
                    let fetch = async |keys: Vec<u32>| Ok(keys.into_iter().map(|key| (key, key)).collect());
                    for _ in 0..3 {
                        assert_eq!(lookup.get(key, fetch).await.unwrap(), Some(key));
                    }
                })
            });
            for task in asking.collect::<Vec<_>>() {
                tokio::time::timeout(std::time::Duration::from_secs(20), task).await.unwrap().unwrap();
            }
        }
        // The last query ends after its last answer.
        let ended = async {
            while lookup.state().is_running {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), ended).await.unwrap();
    }

    /// Of callers that are gone nothing is asked: neither a query for them alone, nor their keys with others'.
    #[tokio::test]
    async fn what_nobody_waits_for_is_not_asked() {
        let lookup: Arc<BatchLoader<u32, u32>> = Arc::default();
        let (asked, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let get = |key: u32| {
            let (asked, open) = (Arc::clone(&asked), Arc::clone(&open));
            lookup.get(key, move |keys: Vec<u32>| {
                let (asked, open) = (Arc::clone(&asked), Arc::clone(&open));
                async move {
                    asked.lock().unwrap().extend(keys.clone());
                    drop(open.acquire().await.unwrap());
                    Ok(keys.into_iter().map(|key| (key, key)).collect())
                }
            })
        };
        assert!(get(1).now_or_never().is_none(), "polled once, and dropped");
        while lookup.state().is_running {
            tokio::task::yield_now().await;
        }
        assert!(asked.lock().unwrap().is_empty());
        let mut first = Box::pin(get(2));
        assert!(first.as_mut().now_or_never().is_none());
        while asked.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(get(3).now_or_never().is_none());
        let mut waits = Box::pin(get(4));
        assert!(waits.as_mut().now_or_never().is_none());
        open.add_permits(1);
        assert_eq!((first.await.unwrap(), waits.await.unwrap()), (Some(2), Some(4)));
        assert_eq!(*asked.lock().unwrap(), [2, 4]);
    }

    /// Clients hang up while the database doesn't answer: they take no room of those that wait, who are bounded.
    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let lookup: Arc<BatchLoader<usize, usize>> = Arc::default();
        let open = Arc::new(Semaphore::new(0));
        let get = |key: usize| {
            let open = Arc::clone(&open);
            lookup.get(key, move |keys: Vec<usize>| {
                let open = Arc::clone(&open);
                async move {
                    drop(open.acquire().await.unwrap());
                    Ok(keys.into_iter().map(|key| (key, key)).collect())
                }
            })
        };
        for key in 0..2 * MOST_WAITING {
            let hung_up = get(key).now_or_never();
            assert!(hung_up.is_none(), "polled once, and dropped: {hung_up:?}");
        }
        assert!(lookup.state().waiting.len() <= MOST_WAITING);
        let mut waiting: Vec<_> = (0..MOST_WAITING).map(|key| Box::pin(get(key))).collect();
        let refused = waiting.iter_mut().filter_map(|caller| caller.as_mut().now_or_never()).count();
        assert_eq!((refused, lookup.state().waiting.len()), (0, MOST_WAITING));
        let refused = get(0).now_or_never();
        assert!(matches!(refused, Some(Err(Error::Unavailable { .. }))), "{refused:?}");
        open.add_permits(1);
        let last = waiting.pop().unwrap();
        assert_eq!(last.await.unwrap(), Some(MOST_WAITING - 1));
        assert_eq!(get(1).await.unwrap(), Some(1));
    }

    /// A query that panics leaves an error, and the next one works.
    #[tokio::test]
    async fn a_panic_is_an_error() {
        let lookup: Arc<BatchLoader<u32, u32>> = Arc::default();
        let broken = async |keys: Vec<u32>| match keys.len() {
            0 => Ok(HashMap::new()),
            _ => panic!("on purpose"),
        };
        assert!(lookup.get(1, broken).await.is_err());
        let works = async |keys: Vec<u32>| Ok(keys.into_iter().map(|key| (key, key)).collect());
        assert_eq!(lookup.get(1, works).await.unwrap(), Some(1));
    }

    #[test]
    fn few_lengths() {
        let lengths = [0, 1, 2, 3, 5, 256].map(|count| pad_to_power_of_two(vec![1; count]).len());
        assert_eq!(lengths, [0, 1, 2, 4, 8, 256]);
        assert_eq!(pad_to_power_of_two(vec![1, 2, 3]), [1, 2, 3, 3]);
    }
}
