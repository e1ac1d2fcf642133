//! Batches concurrent lookups by key into one query (a data loader across requests). Otherwise each of many concurrent
//! requests would wait for its own connection, and the database would run the same query again and again.
//!
//! Nothing is cached: a query starts after its keys were requested, so a read after a write sees the write. Under low load
//! a key is looked up at once in its own query, by the caller itself: a task would cost switches between threads, which take
//! longer than the query. If the query of a batch fails or panics, all its waiting lookups get an error. If the database is
//! unavailable, so do the lookups that wait for the next query. If too many keys are waiting, a lookup is refused as
//! unavailable.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use sea_orm::sea_query::{Expr, IntoValueTuple, Query as Sql, SelectStatement};
use sea_orm::{ConnectionTrait, TryGetable};
use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use crate::db::TxResult;
use crate::entity::admin_user;
use crate::entity::customer_row::CustomerRow;
use crate::error::{Error, Result};

/// How many queries in a row no other caller may have waited for before a caller looks its key up by itself. With fewer, lone
/// queries split the batches of some dozen connections: 16 connections got 6 % fewer responses.
const LONE_AFTER: u8 = 16;

/// The maximum number of keys in a query.
const MAX_KEYS: usize = 256;

/// The maximum number of waiting keys. A running request waits for one key at a time, so connected clients never reach it.
/// Keys of clients that hung up are removed before the next query, and when the limit is reached.
const MAX_WAITING: usize = 65_536;

/// The loaders of accounts that many concurrent requests read.
#[derive(Debug, Default)]
pub struct BatchLoaders {
    /// Admins by UUID.
    pub admins: Arc<BatchLoader<Uuid, admin_user::Account>>,
    /// Admins by their UUID and the UUID of one of their sessions.
    pub admin_sessions: Arc<BatchLoader<(Uuid, Uuid), admin_user::Account>>,
    /// Customers by UUID.
    pub customers: Arc<BatchLoader<Uuid, CustomerRow>>,
    /// Customers by their UUID and the UUID of one of their sessions.
    pub sessions: Arc<BatchLoader<(Uuid, Uuid), CustomerRow>>,
}

/// Batches lookups of one kind.
#[derive(Debug)]
pub struct BatchLoader<K, V>(Mutex<LoaderState<K, V>>);

#[derive(Debug)]
struct LoaderState<K, V> {
    waiting: Vec<(K, oneshot::Sender<Result<Option<V>>>)>,
    /// Whether a query is running. Only one runs at a time, so that the keys that arrive during a query form one larger
    /// batch (two concurrent queries served 7 % fewer requests).
    is_running: bool,
    /// Whether a caller runs the query for its own key. A key that arrives while it runs does not wait for it.
    is_lone_running: bool,
    /// The number of queries since more than one caller waited, at most [`LONE_AFTER`].
    lone_queries: u8,
}

impl<K, V> Default for BatchLoader<K, V> {
    fn default() -> Self {
        let (waiting, is_running, is_lone_running, lone_queries) = (Vec::new(), false, false, LONE_AFTER);
        Self(Mutex::new(LoaderState { waiting, is_running, is_lone_running, lone_queries }))
    }
}

impl<K, V> BatchLoader<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value of a key, or `None` if it does not exist. `fetch` gets several distinct keys.
    ///
    /// # Errors
    /// Errors of `fetch`, which each of its keys gets. [`Error::Unavailable`] if too many keys are waiting.
    pub async fn get<F>(
        self: &Arc<Self>,
        key: K,
        fetch: impl Fn(Vec<K>) -> F + Send + 'static,
    ) -> Result<Option<V>>
    where
        F: Future<Output = Result<HashMap<K, V>>> + Send + 'static,
    {
        if let Some(_running) = LoneLookup::start(self) {
            // On the heap, because most callers under load don't need this future, and each would have to hold it.
            return Ok(Box::pin(fetch(vec![key])).await?.remove(&key));
        }
        let (sender, result) = oneshot::channel();
        let is_idle = {
            let mut state = self.state();
            if state.waiting.len() >= MAX_WAITING {
                state.remove_canceled();
            }
            if state.waiting.len() >= MAX_WAITING {
                return Err(Error::unavailable("too many lookups are waiting"));
            }
            if state.is_lone_running {
                state.lone_queries = 0;
            }
            state.waiting.push((key, sender));
            !std::mem::replace(&mut state.is_running, true)
        };
        if is_idle {
            // In a separate task: the request that starts the query may be canceled while others wait for it.
            let query = Query { loader: Arc::clone(self), ended: false };
            tokio::spawn(query.run(fetch).in_current_span());
        }
        result.await.unwrap_or_else(|_| Err(Error::internal("a lookup ended without a result")))
    }
}

impl<K, V> LoaderState<K, V> {
    /// Removes the keys of callers that hung up.
    fn remove_canceled(&mut self) {
        self.waiting.retain(|(_, sender)| !sender.is_closed());
    }
}

impl<K, V> BatchLoader<K, V> {
    fn state(&self) -> MutexGuard<'_, LoaderState<K, V>> {
        self.0.lock()
    }
}

/// A caller that runs the query for its own key. It ends when it is dropped, also with its caller.
struct LoneLookup<K, V>(Arc<BatchLoader<K, V>>);

impl<K, V> LoneLookup<K, V> {
    /// `None` if other callers are waiting or running, or were recently.
    fn start(loader: &Arc<BatchLoader<K, V>>) -> Option<Self> {
        let mut state = loader.state();
        if state.is_running || state.is_lone_running || state.lone_queries < LONE_AFTER {
            return None;
        }
        state.is_lone_running = true;
        Some(Self(Arc::clone(loader)))
    }
}

impl<K, V> Drop for LoneLookup<K, V> {
    fn drop(&mut self) {
        self.0.state().is_lone_running = false;
    }
}

/// The task that runs queries one after the other. When it ends, even by a panic, another one can start.
struct Query<K, V> {
    loader: Arc<BatchLoader<K, V>>,
    ended: bool,
}

impl<K, V> Query<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Runs queries until no key is waiting.
    async fn run<F>(mut self, fetch: impl Fn(Vec<K>) -> F)
    where
        F: Future<Output = Result<HashMap<K, V>>> + Send,
    {
        // Lets other ready requests add their keys first.
        tokio::task::yield_now().await;
        loop {
            let mut waiting = {
                let mut state = self.loader.state();
                state.remove_canceled();
                if state.waiting.is_empty() {
                    // Under the same lock: a key that is added after this has to start a query.
                    state.is_running = false;
                    self.ended = true;
                    return;
                }
                state.lone_queries = match state.waiting.len() {
                    1 => (state.lone_queries + 1).min(LONE_AFTER),
                    _ => 0,
                };
                let count = state.waiting.len().min(MAX_KEYS);
                state.waiting.drain(..count).collect::<Vec<_>>()
            };
            let keys: HashSet<K> = waiting.iter().map(|(key, _)| *key).collect();
            let each_has_one_caller = keys.len() == waiting.len();
            let mut result = fetch(keys.into_iter().collect()).await;
            if matches!(result, Err(Error::Unavailable { .. })) {
                // They have waited as long as the database is unavailable, and would wait as long again.
                waiting.append(&mut self.loader.state().waiting);
            }
            for (key, sender) in waiting {
                // An error means that the caller hung up.
                let _hung_up = sender.send(match &mut result {
                    Ok(rows) if each_has_one_caller => Ok(rows.remove(&key)),
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
        let mut state = self.loader.state();
        state.is_running = false;
        // No query will run for these keys. Dropping their senders gives their callers an error.
        state.waiting.clear();
    }
}

/// Pads keys to a power of two by repeating the last one, so that there are few different statements to prepare.
pub fn pad_to_power_of_two<K: Copy>(mut keys: Vec<K>) -> Vec<K> {
    if let Some(last) = keys.last().copied() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

/// Runs a subquery for a single value for each of many keys. `of` gets the expression of the key and returns the subquery.
/// A key without a row has the value `None`. At most a thousand keys, because a statement has a limited number of
/// parameters.
///
/// Each key is one index lookup. With `IN` for all keys, a database without current statistics (a table that is growing)
/// may scan the whole table.
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
    let select = Sql::select()
        .column(("asked", "column1"))
        .expr_as(of(Expr::col(("asked", "column1"))), "found")
        .from_values(keys, "asked")
        .take();
    let rows = db.query_all(&select).await?;
    let values = rows.iter().map(|row| Ok((row.try_get("", "column1")?, row.try_get("", "found")?)));
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::{BatchLoader, LONE_AFTER, LoneLookup, MAX_WAITING, pad_to_power_of_two};
    use crate::error::{Error, Result};
    use futures_util::FutureExt;
    use parking_lot::Mutex;
    use std::collections::HashMap;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn waiting_keys_are_batched_and_nothing_is_cached() {
        let loader: Arc<BatchLoader<u32, String>> = Arc::default();
        let (batches, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let get = |key: u32| {
            let (loader, batches, open) = (Arc::clone(&loader), Arc::clone(&batches), Arc::clone(&open));
            tokio::spawn(async move {
                let fetch = move |keys: Vec<u32>| {
                    let (batches, open) = (Arc::clone(&batches), Arc::clone(&open));
                    async move {
                        batches.lock().push(keys.len());
                        open.acquire().await.unwrap().forget();
                        if keys.contains(&13) {
                            return Err(Error::unavailable("13"));
                        }
                        let rows = keys.into_iter().filter(|key| *key != 7);
                        Ok(rows.map(|key| (key, format!("row {key}"))).collect::<HashMap<_, _>>())
                    }
                };
                let result: Result<Option<String>> = loader.get(key, fetch).await;
                result
            })
        };
        let first: Vec<_> = (0..2).map(get).collect();
        while batches.lock().is_empty() {
            tokio::task::yield_now().await;
        }
        let others: Vec<_> = (2..10).chain(2..10).map(get).collect();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        open.add_permits(10);
        for (number, result) in first.into_iter().chain(others).enumerate() {
            let key = if number < 10 { number } else { number - 8 };
            let expected = (key != 7).then(|| format!("row {key}"));
            assert_eq!(result.await.unwrap().unwrap(), expected);
        }
        let queries = batches.lock().clone();
        assert!(queries.len() <= 4 && queries.iter().any(|keys| *keys >= 8), "{queries:?}");
        // A repeated lookup queries again. An error is returned to its own query only.
        open.add_permits(10);
        assert_eq!(get(5).await.unwrap().unwrap().as_deref(), Some("row 5"));
        assert!(matches!(get(13).await.unwrap(), Err(Error::Unavailable { .. })));
        assert_eq!(get(5).await.unwrap().unwrap().as_deref(), Some("row 5"));
        assert_eq!(batches.lock().len(), queries.len() + 3);
    }

    /// Keys that are added while the last query ends are not lost.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn every_key_gets_a_result() {
        let loader: Arc<BatchLoader<u32, u32>> = Arc::default();
        // Each round waits for all of its results, because a key of a later round would start a query for a lost key.
        for _ in 0..2000 {
            let lookups = (0..6).map(|key| {
                let loader = Arc::clone(&loader);
                tokio::spawn(async move {
                    let fetch = async |keys: Vec<u32>| Ok(keys.into_iter().map(|key| (key, key)).collect());
                    for _ in 0..3 {
                        assert_eq!(loader.get(key, fetch).await.unwrap(), Some(key));
                    }
                })
            });
            for task in lookups.collect::<Vec<_>>() {
                tokio::time::timeout(std::time::Duration::from_secs(20), task).await.unwrap().unwrap();
            }
        }
        // The last query ends after it has sent its last result.
        let ended = async {
            while loader.state().is_running {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), ended).await.unwrap();
    }

    /// The query of a lone caller ends when it hangs up. Keys of callers that hung up while they waited are not queried.
    #[tokio::test]
    async fn keys_of_callers_that_hung_up_are_not_queried() {
        let loader: Arc<BatchLoader<u32, u32>> = Arc::default();
        let (batches, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let get = |key: u32| {
            let (batches, open) = (Arc::clone(&batches), Arc::clone(&open));
            loader.get(key, move |keys: Vec<u32>| {
                let (batches, open) = (Arc::clone(&batches), Arc::clone(&open));
                async move {
                    batches.lock().extend(keys.clone());
                    drop(open.acquire().await.unwrap());
                    Ok(keys.into_iter().map(|key| (key, key)).collect())
                }
            })
        };
        assert!(get(1).now_or_never().is_none(), "polled once, and dropped");
        assert!(!loader.state().is_lone_running);
        let mut first = Box::pin(get(2));
        assert!(first.as_mut().now_or_never().is_none());
        assert_eq!(*batches.lock(), [1, 2]);
        assert!(get(3).now_or_never().is_none());
        let mut second = Box::pin(get(4));
        assert!(second.as_mut().now_or_never().is_none());
        open.add_permits(1);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Some(2), Some(4)));
        assert_eq!(*batches.lock(), [1, 2, 4]);
    }

    #[tokio::test]
    async fn lone_lookups_begin_when_no_other_caller_has_waited_for_some_queries() {
        let loader: Arc<BatchLoader<u32, u32>> = Arc::default();
        let look_up = async || {
            let fetch = async |keys: Vec<u32>| Ok(keys.into_iter().map(|key| (key, key)).collect());
            assert_eq!(loader.get(1, fetch).await.unwrap(), Some(1));
            // The task ends after it has sent its last result.
            tokio::task::yield_now().await;
            assert!(!loader.state().is_running);
        };
        let lone = LoneLookup::start(&loader);
        assert!(lone.is_some());
        look_up().await;
        drop(lone);
        for _ in 1..LONE_AFTER {
            assert!(LoneLookup::start(&loader).is_none());
            look_up().await;
        }
        assert!(LoneLookup::start(&loader).is_some());
    }

    /// Clients that hang up while the database is slow do not count against the limit of waiting keys.
    #[tokio::test]
    async fn the_number_of_waiting_keys_is_limited() {
        let loader: Arc<BatchLoader<usize, usize>> = Arc::default();
        let open = Arc::new(Semaphore::new(0));
        let get = |key: usize| {
            let open = Arc::clone(&open);
            loader.get(key, move |keys: Vec<usize>| {
                let open = Arc::clone(&open);
                async move {
                    drop(open.acquire().await.unwrap());
                    Ok(keys.into_iter().map(|key| (key, key)).collect())
                }
            })
        };
        // It runs its own query, and the others wait.
        let mut lone = Box::pin(get(0));
        assert!(lone.as_mut().now_or_never().is_none() && loader.state().is_lone_running);
        for key in 0..2 * MAX_WAITING {
            let hung_up = get(key).now_or_never();
            assert!(hung_up.is_none(), "polled once, and dropped: {hung_up:?}");
        }
        assert_eq!(loader.state().waiting.len(), MAX_WAITING);
        let mut waiting: Vec<_> = (1..=MAX_WAITING).map(|key| Box::pin(get(key))).collect();
        let refused = waiting.iter_mut().filter_map(|caller| caller.as_mut().now_or_never()).count();
        assert_eq!((refused, loader.state().waiting.len()), (0, MAX_WAITING));
        let refused = get(0).now_or_never();
        assert!(matches!(refused, Some(Err(Error::Unavailable { .. }))), "{refused:?}");
        open.add_permits(1);
        assert_eq!(lone.await.unwrap(), Some(0));
        let last = waiting.pop().unwrap();
        assert_eq!(last.await.unwrap(), Some(MAX_WAITING));
        assert_eq!(get(1).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_next_query_works() {
        let loader: Arc<BatchLoader<u32, u32>> = Arc::default();
        let panicking = async |keys: Vec<u32>| match keys.len() {
            0 => Ok(HashMap::new()),
            _ => panic!("on purpose"),
        };
        // A lone caller runs the query itself, so it panics as well.
        let lone = Arc::clone(&loader);
        assert!(tokio::spawn(async move { lone.get(1, panicking).await }).await.unwrap_err().is_panic());
        loader.state().lone_queries = 0;
        assert!(loader.get(1, panicking).await.is_err());
        let working = async |keys: Vec<u32>| Ok(keys.into_iter().map(|key| (key, key)).collect());
        assert_eq!(loader.get(1, working).await.unwrap(), Some(1));
    }

    #[test]
    fn keys_are_padded_to_a_power_of_two() {
        let lengths = [0, 1, 2, 3, 5, 256].map(|count| pad_to_power_of_two(vec![1; count]).len());
        assert_eq!(lengths, [0, 1, 2, 4, 8, 256]);
        assert_eq!(pad_to_power_of_two(vec![1, 2, 3]), [1, 2, 3, 3]);
    }
}
