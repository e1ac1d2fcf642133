//! Whether the PostgreSQL server behind a pool responds, and which connections have become useless.
//!
//! After a failover, the connections of a pool lead to the wrong server: one that is read-only by now, or one that is frozen
//! and never responds. The driver has no deadlines and keeps such connections. Here, a connection is retired if it is older
//! than the last sign of a change: the pool closes it when it is taken or returned. A statement that takes long asks whether the
//! server responds on a new connection. If it does not, or if another server answers, all running statements are abandoned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::sqlx;
use sea_orm::sqlx::pool::PoolConnectionMetadata;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{Connection as _, Executor as _, Row as _};
use tokio::sync::watch;

use super::server_error::{is_refusal_of_server, unresponsive};
use crate::clock::Timer;
use crate::config::{DatabaseConfig, Pooler};
use crate::telemetry::metrics::DatabaseMetrics;

/// Identifies the server by the time of its start, says whether it accepts writes (`on` on every standby, PostgreSQL 13
/// included), and shows whether the timeout of statements was set.
const STATE: &str = "SELECT pg_postmaster_start_time()::text, current_setting('transaction_read_only'), \
    current_setting('statement_timeout')";

/// Why a server is not used with `target_session_attrs=read-write`.
pub(super) const READ_ONLY: &str =
    "the server is read-only, and target_session_attrs requires one that accepts writes";

/// A connection that has been idle for this long is checked before it is used, and one that is in use all the time once in
/// this time. A check before every statement would cost an additional round trip.
const CHECK_PAUSE: Duration = Duration::from_secs(1);

/// The minimum time in which a server has to respond to a new connection: a busy one is not a frozen one.
pub(super) const MIN_PROBE: Duration = Duration::from_secs(1);

/// The minimum time between two retirements, so that refused writes do not replace all connections again and again.
const RETIRE_PAUSE: Duration = Duration::from_millis(100);

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerState {
    /// Differs between servers, and changes when a server starts again.
    identity: String,
    /// Whether it refuses writes.
    pub(super) is_read_only: bool,
    has_statement_timeout: bool,
}

/// What is known of the server, shared by the pool and the statements.
pub(super) struct PostgresServer {
    /// How long a request waits for the server.
    pub(super) wait: Duration,
    /// After this time the database has canceled a statement, if it responds; none without a statement timeout.
    statement_limit: Option<Duration>,
    /// What is between patron and the server.
    pub(super) pooler: Pooler,
    /// Measures the statements.
    pub(super) metrics: DatabaseMetrics,
    statement_timeout: Duration,
    requires_read_write: bool,
    /// Whether it is a replica: it may refuse writes, and one host may lead to several servers.
    is_replica: bool,
    /// Whether the host that the pool connects to is good; false before the first search and after a failure.
    pub(super) has_good_host: AtomicBool,
    /// How to connect to the current host; none until the pool is open.
    options: Mutex<Option<PgConnectOptions>>,
    identity: Mutex<Option<String>>,
    /// Started when new connections led to another server than before.
    moved: Mutex<Option<Timer>>,
    /// Connections that are older than this are useless.
    retired: Mutex<Option<Timer>>,
    checked: Mutex<Timer>,
    has_warned: AtomicBool,
    /// Counts how often all running statements were abandoned.
    abandoned: watch::Sender<u64>,
    /// Locked while the server is asked whether it responds.
    probe: Arc<tokio::sync::Mutex<()>>,
    /// Its last answer.
    last_probe: AtomicBool,
}

/// Omits how to connect, which includes the password.
impl std::fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresServer").field("pooler", &self.pooler).finish_non_exhaustive()
    }
}

impl PostgresServer {
    pub(super) fn new(config: &DatabaseConfig, metrics: DatabaseMetrics) -> Self {
        let timeout = config.statement_timeout;
        Self {
            wait: config.acquire_timeout,
            statement_limit: (!timeout.is_zero()).then(|| timeout + Duration::from_secs(1)),
            pooler: config.pooler,
            metrics,
            statement_timeout: timeout,
            requires_read_write: config.requires_read_write,
            is_replica: false,
            has_good_host: AtomicBool::new(false),
            options: Mutex::default(),
            identity: Mutex::default(),
            moved: Mutex::default(),
            retired: Mutex::default(),
            checked: Mutex::new(Timer::start()),
            has_warned: AtomicBool::new(false),
            abandoned: watch::Sender::new(0),
            probe: Arc::default(),
            last_probe: AtomicBool::new(true),
        }
    }

    pub(super) fn of_replica(config: &DatabaseConfig, metrics: DatabaseMetrics) -> Self {
        Self { requires_read_write: false, is_replica: true, ..Self::new(config, metrics) }
    }

    /// Sets how to connect to the current host.
    pub(super) fn set_options(&self, options: PgConnectOptions) {
        *self.options.lock() = Some(options);
    }

    /// Notifies of the next time that all running statements are abandoned.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.abandoned.subscribe()
    }

    /// Prepares a new connection of the pool.
    ///
    /// # Errors
    /// If the server can't be used.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.pooler == Pooler::Session {
            let set = sqlx::AssertSqlSafe(self.settings(""));
            sqlx::Executor::execute(&mut *connection, set).await?;
        }
        let state = read_state(connection).await?;
        if self.statement_limit.is_some()
            && !state.has_statement_timeout
            && self.pooler != Pooler::Transaction
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                "the database ignores the statement timeout: a pooler drops it; set PATRON_DATABASE_POOLER"
            );
        }
        let previous = self.identity.lock().replace(state.identity.clone());
        if !self.is_replica && previous.is_some_and(|previous| previous != state.identity) {
            *self.moved.lock() = Some(Timer::start());
        }
        if state.is_read_only && self.requires_read_write {
            self.doubt_host();
            return Err(unresponsive(READ_ONLY));
        }
        Ok(())
    }

    /// Statements that set what the start of a connection sets without a pooler. `scope` is empty, or `LOCAL ` for the
    /// transaction.
    pub(super) fn settings(&self, scope: &str) -> String {
        let milliseconds = self.statement_timeout.as_millis();
        format!("SET {scope}statement_timeout = {milliseconds}; SET {scope}jit = off")
    }

    /// Whether the pool may hand out an idle connection.
    pub(super) async fn accepts(&self, connection: &mut PgConnection, meta: PoolConnectionMetadata) -> bool {
        if self.is_retired(meta.age) {
            return false;
        }
        if meta.idle_for < CHECK_PAUSE && !self.is_check_due() {
            return true;
        }
        let state = tokio::time::timeout(self.wait / 2, read_state(connection)).await;
        let is_usable = matches!(state, Ok(Ok(state)) if self.is_replica || !state.is_read_only);
        if !is_usable {
            self.retire();
        }
        is_usable
    }

    /// Whether a connection of this age has to be closed.
    pub(super) fn is_retired(&self, age: Duration) -> bool {
        self.retired.lock().as_ref().is_some_and(|timer| timer.elapsed() <= age)
    }

    /// Whether a connection that the pool handed out this long ago may lead to a server that is left: since then all
    /// connections were retired, or new ones led to another server.
    pub(super) fn has_changed_within(&self, time: Duration) -> bool {
        self.is_retired(time) || self.moved.lock().as_ref().is_some_and(|moved| moved.elapsed() <= time)
    }

    /// Retires all connections: they are closed when they are taken or returned. Running statements continue.
    pub(super) fn retire(&self) {
        self.doubt_host();
        let mut retired = self.retired.lock();
        if retired.as_ref().is_none_or(|timer| timer.elapsed() >= RETIRE_PAUSE) {
            *retired = Some(Timer::start());
        }
    }

    /// Retires all connections, and ends their running statements.
    fn abandon(&self) {
        self.doubt_host();
        *self.retired.lock() = Some(Timer::start());
        self.abandoned.send_modify(|count| *count += 1);
        if !self.is_replica {
            tracing::warn!("the database server does not respond; its connections are closed");
        }
    }

    /// Lets the hosts be searched again before the next connection.
    pub(super) fn doubt_host(&self) {
        self.has_good_host.store(false, Ordering::Release);
    }

    fn is_check_due(&self) -> bool {
        let mut checked = self.checked.lock();
        let is_due = checked.elapsed() >= CHECK_PAUSE;
        if is_due {
            *checked = Timer::start();
        }
        is_due
    }

    /// Waits for a statement while the server responds.
    ///
    /// # Errors
    /// Those of the statement, and an I/O error if the server does not respond or the statement is overdue. Then the
    /// connection must not be used again.
    pub(super) async fn watch<T>(
        self: &Arc<Self>,
        abandoned: &mut watch::Receiver<u64>,
        statement: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let mut statement = std::pin::pin!(statement);
        let timer = Timer::start();
        loop {
            let left = self.statement_limit.map(|limit| limit.saturating_sub(timer.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(unresponsive("a statement takes longer than the statement timeout"));
            }
            let patience = (self.wait / 2).min(left.unwrap_or(Duration::MAX));
            tokio::select! {
                biased;
                outcome = &mut statement => return outcome,
                _ = abandoned.changed() => return Err(unresponsive("the server does not respond")),
                () = tokio::time::sleep(patience) => {}
            }
            if self.moved.lock().as_ref().is_some_and(|moved| moved.elapsed() < timer.elapsed()) {
                return Err(unresponsive("the database has moved to another server"));
            }
            tokio::select! {
                biased;
                outcome = &mut statement => return outcome,
                responds = self.responds() => if !responds {
                    return Err(unresponsive("the server does not respond"));
                }
            }
        }
    }

    /// How long a returned connection may take to become idle.
    pub(super) fn release_limit(&self) -> Duration {
        self.statement_limit.unwrap_or(self.wait)
    }

    /// Whether the server of the running statements responds, in half of the time that requests wait and at least a second. One
    /// question is asked at a time, and all who ask in the meantime get its answer. A separate task asks it: otherwise
    /// clients that hang up in time would end each question before it has an answer, and a frozen server would never be left.
    async fn responds(self: &Arc<Self>) -> bool {
        let Ok(asking) = Arc::clone(&self.probe).try_lock_owned() else {
            drop(self.probe.lock().await);
            return self.last_probe.load(Ordering::Acquire);
        };
        let server = Arc::clone(self);
        let answer = tokio::spawn(async move {
            let responds = server.ask().await;
            server.last_probe.store(responds, Ordering::Release);
            drop(asking);
            responds
        });
        // Without an answer, the program ends.
        answer.await.unwrap_or(false)
    }

    /// Asks the server on a new connection, and abandons all statements if it does not respond.
    async fn ask(&self) -> bool {
        let Some(options) = self.options.lock().clone() else { return true };
        let known = self.identity.lock().clone().filter(|_| !self.is_replica);
        let responds = match tokio::time::timeout((self.wait / 2).max(MIN_PROBE), connect(&options)).await {
            Ok(Ok(state)) => known.is_none_or(|known| known == state.identity),
            // Any other error is an answer of the server: it has too many connections, for example.
            Ok(Err(error @ sqlx::Error::Database(_))) => !is_refusal_of_server(&error),
            _ => false,
        };
        if !responds {
            self.abandon();
        }
        responds
    }
}

/// Connects to a server, reads its state and disconnects.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<ServerState, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let state = read_state(&mut connection).await?;
    // The state is known, so a failure is of no importance.
    let _closed = connection.close().await;
    Ok(state)
}

async fn read_state(connection: &mut PgConnection) -> Result<ServerState, sqlx::Error> {
    let row = connection.fetch_one(STATE).await?;
    let (read_only, timeout): (String, String) = (row.try_get(1)?, row.try_get(2)?);
    Ok(ServerState {
        identity: row.try_get(0)?,
        is_read_only: read_only == "on",
        has_statement_timeout: timeout != "0",
    })
}
