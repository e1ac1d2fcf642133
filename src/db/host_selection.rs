//! Which of several hosts of `DATABASE_URL` the pool connects to.
//!
//! The hosts are tried in their order, beginning with the last one that was good. With `target_session_attrs=read-write`, a
//! server that refuses writes is not good. The choice is remembered until a connection fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, sqlx};

use super::postgres_server::{MIN_PROBE, PostgresServer, READ_ONLY, ServerState, connect};
use super::server_error::{is_refusal_of_login, unresponsive};
use crate::clock::Timer;
use crate::config::DatabaseConfig;

/// The pause after no host was good.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a caller that waits for a connection looks whether the host has changed.
const CHANGE_PAUSE: Duration = Duration::from_millis(250);

/// The hosts, and the one that is used.
pub(super) struct HostSelection {
    hosts: Vec<PgConnectOptions>,
    requires_read_write: bool,
    good: Mutex<Option<GoodHost>>,
    /// Counts how often the choice changed.
    changes: AtomicU64,
    /// Why no host was good at the last search; none if one was.
    failure: Mutex<Option<Arc<sqlx::Error>>>,
    /// One search at a time.
    search: Arc<tokio::sync::Mutex<()>>,
}

/// The host that was last good.
struct GoodHost {
    index: usize,
    state: ServerState,
    found: Timer,
}

/// Omits how to connect, which includes the password.
impl std::fmt::Debug for HostSelection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostSelection").field("hosts", &self.hosts.len()).finish_non_exhaustive()
    }
}

impl HostSelection {
    /// `None` if there is nothing to choose. `options` are those of the first host.
    pub(super) fn of(config: &DatabaseConfig, options: &PgConnectOptions) -> Option<Arc<Self>> {
        if config.hosts.is_empty() && !config.requires_read_write {
            return None;
        }
        let mut hosts: Vec<PgConnectOptions> =
            config.hosts.iter().map(|host| options.clone().host(&host.name).port(host.port)).collect();
        if hosts.is_empty() {
            hosts.push(options.clone());
        }
        Some(Arc::new(Self {
            hosts,
            requires_read_write: config.requires_read_write,
            good: Mutex::default(),
            changes: AtomicU64::new(0),
            failure: Mutex::default(),
            search: Arc::default(),
        }))
    }

    /// Waits until a host is good, and lets the pool connect to it. The caller limits the time. A search is a separate task:
    /// otherwise callers that hang up would end each search at a host that does not respond, before the next host.
    ///
    /// # Errors
    /// The hosts refuse the login.
    pub(super) async fn select(
        self: &Arc<Self>,
        pool: &PgPool,
        server: &Arc<PostgresServer>,
    ) -> Result<(), DbErr> {
        while !server.has_good_host.load(Ordering::Acquire) {
            match Arc::clone(&self.search).try_lock_owned() {
                Ok(searching) => {
                    let (selection, pool, server) = (Arc::clone(self), pool.clone(), Arc::clone(server));
                    let search = tokio::spawn(async move {
                        selection.search_once(&pool, &server).await;
                        drop(searching);
                    });
                    // An error means that the program ends.
                    let _ended = search.await;
                }
                Err(_) => drop(self.search.lock().await),
            }
            if server.has_good_host.load(Ordering::Acquire) {
                return Ok(());
            }
            if self.failure.lock().as_ref().is_some_and(|failure| is_refusal_of_login(failure)) {
                return Err(self.error());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The error if the time is over: why no host was good, or that all connections are in use.
    pub(super) fn error(&self) -> DbErr {
        match self.failure.lock().clone() {
            Some(failure) => DbErr::Conn(RuntimeErr::SqlxError(failure)),
            None => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        }
    }

    /// Ends when another host, or another server behind the same host, is good. Searches again and again, because the host may
    /// not respond. If it does, all connections are in use.
    pub(super) async fn wait_for_change(self: &Arc<Self>, pool: &PgPool, server: &Arc<PostgresServer>) {
        let (before, timer) = (self.changes.load(Ordering::Acquire), Timer::start());
        let patience = server.wait / 4;
        while self.changes.load(Ordering::Acquire) == before {
            tokio::time::sleep(CHANGE_PAUSE).await;
            if timer.elapsed() >= patience && self.is_old(patience) {
                server.doubt_host();
            }
            // The connection attempt that this accompanies reports a refused login.
            let _refused = self.select(pool, server).await;
        }
    }

    /// Whether the last good host was found before this time, so that many callers do not search more often.
    fn is_old(&self, time: Duration) -> bool {
        self.good.lock().as_ref().is_none_or(|good| good.found.elapsed() >= time)
    }

    async fn search_once(&self, pool: &PgPool, server: &PostgresServer) {
        if server.has_good_host.load(Ordering::Acquire) {
            return;
        }
        let (count, first) = (self.hosts.len(), self.good.lock().as_ref().map_or(0, |good| good.index));
        let limit = (server.wait / u32::try_from(2 * count).unwrap_or(u32::MAX)).max(MIN_PROBE);
        let mut failure = None;
        for index in (0..count).map(|offset| (first + offset) % count) {
            let Some(options) = self.hosts.get(index) else { continue };
            let error = match tokio::time::timeout(limit, connect(options)).await {
                Ok(Ok(state)) if !(state.is_read_only && self.requires_read_write) => {
                    self.use_host(index, state, pool, server);
                    return;
                }
                Ok(Ok(_)) => unresponsive(READ_ONLY),
                Ok(Err(error)) => error,
                Err(_) => unresponsive("the server does not respond"),
            };
            tracing::debug!(%error, host = options.get_host(), "a database host can't be used");
            // A refused login is what an operator has to know.
            let has_refused = failure.as_ref().is_some_and(is_refusal_of_login);
            if !has_refused {
                failure = Some(error);
            }
        }
        *self.failure.lock() = failure.map(Arc::new);
    }

    fn use_host(&self, index: usize, state: ServerState, pool: &PgPool, server: &PostgresServer) {
        let Some(options) = self.hosts.get(index) else { return };
        pool.set_connect_options(options.clone());
        server.set_options(options.clone());
        *self.failure.lock() = None;
        let previous =
            self.good.lock().replace(GoodHost { index, state: state.clone(), found: Timer::start() });
        let is_same =
            previous.as_ref().is_some_and(|previous| previous.index == index && previous.state == state);
        if !is_same {
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        server.has_good_host.store(true, Ordering::Release);
        if previous.map_or(0, |previous| previous.index) != index {
            tracing::info!(
                host = options.get_host(),
                port = options.get_port(),
                "the database has moved to another host"
            );
        }
    }
}
