//! Connections to the database, and transactions with retries.
//!
//! SQLite: one connection writes and several read, so that writes never compete for the write lock (`SQLITE_BUSY`). WAL
//! lets reads continue during a write, and `synchronous=FULL` makes every commit durable. PostgreSQL: one pool, opened
//! lazily, so that patron starts without the database and recovers when it is available again.
//!
//! A transaction is retried when the database requests it (a serialization failure, a deadlock).

pub mod batch_loader;
mod lists;

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use migration::history::History;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use secrecy::ExposeSecret;

use crate::clock::Timer;
use crate::config::DatabaseConfig;
use crate::error::{self, Error, Result, is_retriable};
use crate::telemetry;
use crate::telemetry::metrics::{DatabaseMetrics, PoolConnections};

/// A connection that has been idle for this long is tested before it is used. A test before every query would cost an
/// additional round trip. If a connection breaks within this time, the query fails, as it would if the connection broke
/// during the query.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);

/// The maximum number of attempts at a transaction that the database requests to retry.
const MAX_ATTEMPTS: u32 = 5;

/// The settings of PostgreSQL that patron relies on: name, required value, remedy. patron sets other settings itself, or
/// does not depend on them.
const REQUIRED_SETTINGS: [(&str, &str, &str); 5] = [
    ("server_encoding", "UTF8", "create the database with ENCODING 'UTF8' TEMPLATE template0"),
    ("client_encoding", "UTF8", "let the connection pooler pass it on"),
    ("standard_conforming_strings", "on", "ALTER DATABASE or ALTER ROLE … RESET standard_conforming_strings"),
    (
        "default_transaction_isolation",
        "read committed",
        "ALTER DATABASE or ALTER ROLE … RESET default_transaction_isolation",
    ),
    // Any other value disables foreign keys, and a customer's rows would not be deleted with the customer.
    ("session_replication_role", "origin", "ALTER DATABASE or ALTER ROLE … RESET session_replication_role"),
];

/// Reads the required settings. The result omits settings that the database server does not know.
const SELECT_SETTINGS: &str = "SELECT name, setting FROM pg_settings WHERE name IN ('server_encoding', \
    'client_encoding', 'standard_conforming_strings', 'default_transaction_isolation', 'session_replication_role')";

/// The error if the file of an SQLite database is not the file that was opened.
const FILE_MOVED: &str =
    "the database file was moved, deleted or replaced while patron runs: put it back, or restart patron";

/// The error if an unreleased build created the schema, with the remedy.
const UNRELEASED_SCHEMA: &str = "an unreleased build of patron created this database, and its schema can't be upgraded. Move its \
    customers to a new database: with the old program, `patron export --with-password-hashes -o customers.ndjson`; with \
    this one and another DATABASE_URL, `patron migrate up` and `patron import --create-groups customers.ndjson`. Admins, \
    definitions of custom fields and webhooks have to be created there";

/// The identity of the file of an SQLite database. A process that has a file open continues to use it after it was moved or
/// deleted, and its later writes would be lost.
#[derive(Debug)]
struct OpenedFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl OpenedFile {
    /// `None` for a database in memory.
    fn of(path: PathBuf) -> Option<Self> {
        let metadata = std::fs::metadata(&path).ok()?;
        Some(Self { path, device: metadata.dev(), inode: metadata.ino() })
    }

    /// Whether the path still refers to the opened file. One system call of about a microsecond.
    fn is_unmoved(&self) -> bool {
        let metadata = std::fs::metadata(&self.path);
        metadata.is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode))
    }
}

/// The database connections, shared by all parts of patron. Clones use the same connections.
#[derive(Clone, Debug)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    lists: DatabaseConnection,
    /// The metrics of the database.
    pub metrics: DatabaseMetrics,
    /// Whether the last known write was refused.
    refuses_writes: Arc<AtomicBool>,
    /// The file of an SQLite database.
    file: Option<Arc<OpenedFile>>,
}

impl Database {
    /// Opens the database. A missing SQLite file is created. PostgreSQL is contacted at the first query.
    ///
    /// # Errors
    /// The URL is not valid, or the SQLite file can't be opened.
    pub async fn connect(config: &DatabaseConfig) -> std::result::Result<Self, DbErr> {
        let url = config.url.expose_secret();
        let mut options = ConnectOptions::new(url.to_owned());
        options
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            .test_before_acquire_if_idle_for(TEST_AFTER_IDLE)
            .connect_timeout(config.acquire_timeout)
            .sqlx_logging_level(tracing::log::LevelFilter::Trace)
            // The driver logs the statement with placeholders, never with values.
            .sqlx_slow_statements_logging_settings(
                tracing::log::LevelFilter::Warn,
                config.slow.unwrap_or(Duration::MAX),
            );
        if config.is_embedded() {
            Self::connect_sqlite(options, config, url).await
        } else {
            Self::connect_postgres(options, config.statement_timeout).await
        }
    }

    async fn connect_sqlite(
        mut options: ConnectOptions,
        config: &DatabaseConfig,
        url: &str,
    ) -> std::result::Result<Self, DbErr> {
        use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // Only for other processes (patron admin …, a backup): within this process writes are serialized.
                .busy_timeout(Duration::from_secs(30))
        });
        create_private(url)?;
        let mut write = options.clone();
        write.max_connections(1);
        let writer = SeaOrm::connect(write).await?;
        options.map_sqlx_sqlite_opts(|sqlite| sqlite.read_only(true));
        let reader = SeaOrm::connect(options.clone()).await?;
        let lists = lists::connect(options, config.max_connections, config.statement_timeout).await?;
        let metrics = DatabaseMetrics::default();
        let [writer, reader, lists] = [writer, reader, lists].map(|pool| with_metrics(pool, &metrics));
        let file = OpenedFile::of(sqlite_path(url)?).map(Arc::new);
        Ok(Self { file, ..Self::of(writer, reader, lists, metrics) })
    }

    async fn connect_postgres(
        mut options: ConnectOptions,
        statement_timeout: Duration,
    ) -> std::result::Result<Self, DbErr> {
        options.connect_lazy(true).statement_timeout(statement_timeout).set_application_name("patron");
        let metrics = DatabaseMetrics::default();
        let pool = with_metrics(SeaOrm::connect(options).await?, &metrics);
        Ok(Self::of(pool.clone(), pool.clone(), pool, metrics))
    }

    fn of(
        writer: DatabaseConnection,
        reader: DatabaseConnection,
        lists: DatabaseConnection,
        metrics: DatabaseMetrics,
    ) -> Self {
        Self { writer, reader, lists, metrics, refuses_writes: Arc::default(), file: None }
    }

    /// Whether a write was refused since the last successful one, because the database is read-only or its disk is full.
    pub fn is_read_only(&self) -> bool {
        self.refuses_writes.load(Ordering::Relaxed)
    }

    /// Records a successful write.
    pub fn record_write(&self) {
        self.refuses_writes.store(false, Ordering::Relaxed);
    }

    /// The type of the database: SQLite or PostgreSQL.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether this is the embedded database (SQLite), which patron migrates itself.
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// The connections for short reads.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Checks that patron can use the database: the settings of a pooled connection to PostgreSQL, or whether the SQLite
    /// file was moved.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] with the reason and the remedy.
    pub async fn ensure_usable(&self) -> Result<()> {
        if self.is_embedded() {
            return if self.is_unmoved() {
                Ok(())
            } else {
                Err(Error::DatabaseUnusable(FILE_MOVED.to_owned()))
            };
        }
        let select = Statement::from_string(self.backend(), SELECT_SETTINGS);
        for row in self.reader.query_all_raw(select).await? {
            let (name, value): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let required = REQUIRED_SETTINGS.iter().find(|(required, ..)| *required == name);
            if let Some((_, expected, remedy)) = required.filter(|(_, expected, _)| *expected != value) {
                let text = format!("{name} is {value}, and patron needs {expected}: {remedy}");
                return Err(Error::DatabaseUnusable(text));
            }
        }
        Ok(())
    }

    fn is_unmoved(&self) -> bool {
        self.file.as_ref().is_none_or(|file| file.is_unmoved())
    }

    /// The number of pending migrations.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] if an unreleased build or a newer version of patron created the schema.
    pub async fn pending_migrations(&self) -> Result<usize> {
        match migration::history::read(&self.reader).await? {
            History::Current => Ok(0),
            History::Pending(count) => Ok(count),
            History::Unreleased => Err(Error::DatabaseUnusable(UNRELEASED_SCHEMA.to_owned())),
            History::Newer(name) => Err(Error::DatabaseUnusable(format!(
                "a newer version of patron has migrated the database ({name}): run that version, or restore a backup"
            ))),
        }
    }

    /// Runs the pending migrations on a separate connection without a statement timeout, because building an index over
    /// many rows takes longer than the timeout of requests.
    ///
    /// # Errors
    /// As [`pending_migrations`](Self::pending_migrations).
    pub async fn migrate(&self, config: &DatabaseConfig) -> Result<()> {
        self.pending_migrations().await?;
        if self.is_embedded() {
            return Ok(migration::up(self.migration_connection()).await?);
        }
        let unlimited =
            DatabaseConfig { statement_timeout: Duration::ZERO, max_connections: 1, ..config.clone() };
        let database = Self::connect(&unlimited).await?;
        let migrated = migration::up(database.migration_connection()).await;
        database.close().await?;
        Ok(migrated?)
    }

    /// The connection for migrations.
    pub fn migration_connection(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction. Services use [`transact!`](crate::transact) or [`spend!`](crate::spend) instead.
    pub async fn begin(&self) -> std::result::Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            // Takes the write lock at once. A transaction that reads first could not write any more after another process
            // has written (SQLITE_BUSY_SNAPSHOT). PostgreSQL ignores this.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        if !self.is_unmoved() {
            return Err(DbErr::Conn(RuntimeErr::Internal(FILE_MOVED.to_owned())));
        }
        let timer = Timer::start();
        let transaction = self.writer.begin_with_options(options).await?;
        self.metrics.transaction_begun(timer.elapsed());
        Ok(transaction)
    }

    /// Records the number of connections in the metrics.
    pub fn record_connections(&self) {
        if self.is_embedded() {
            let pools = [("reader", &self.reader), ("lists", &self.lists), ("writer", &self.writer)];
            for (pool, connection) in pools {
                self.metrics.record(connections(pool, connection.get_sqlite_connection_pool()));
            }
        } else {
            self.metrics.record(connections("all", self.reader.get_postgres_connection_pool()));
        }
    }

    /// Commits a transaction.
    pub async fn commit(&self, transaction: DatabaseTransaction) -> std::result::Result<(), DbErr> {
        transaction.commit().await
    }

    /// Handles the outcome of the `number`th attempt at a transaction. Returns `None`, after a backoff, to retry it.
    pub async fn retry_or_finish<T>(&self, outcome: TxResult<T>, number: u32) -> Option<Result<T>> {
        match outcome {
            Err(TxError::Database(error)) if is_retriable(&error) && number < MAX_ATTEMPTS => {
                tracing::debug!(%error, number, "retrying a transaction");
                self.metrics.transaction_retried();
                tokio::time::sleep(Duration::from_millis(5 << number)).await;
                None
            }
            outcome => {
                if matches!(&outcome, Err(TxError::Database(error)) if error::refuses_writes(error)) {
                    self.refuses_writes.store(true, Ordering::Relaxed);
                }
                Some(outcome.map_err(Error::from))
            }
        }
    }

    /// Closes all connections. Waits for connections in use.
    pub async fn close(self) -> std::result::Result<(), DbErr> {
        self.reader.close().await?;
        self.lists.close().await?;
        self.writer.close().await
    }
}

/// Measures every statement of a connection.
fn with_metrics(mut connection: DatabaseConnection, metrics: &DatabaseMetrics) -> DatabaseConnection {
    let metrics = metrics.clone();
    let system = match connection.get_database_backend() {
        DbBackend::Sqlite => "sqlite",
        _ => "postgresql",
    };
    connection.set_metric_callback(move |info| {
        metrics.statement(&info.statement.sql, info.failed, info.elapsed);
        telemetry::statement(system, &info.statement.sql, info.failed, info.elapsed);
    });
    connection
}

fn connections<D: sea_orm::sqlx::Database>(
    pool: &'static str,
    of: &sea_orm::sqlx::Pool<D>,
) -> PoolConnections {
    let max = usize::try_from(of.options().get_max_connections()).unwrap_or(usize::MAX);
    let open = usize::try_from(of.size()).unwrap_or(usize::MAX);
    PoolConnections { pool, open, idle: of.num_idle(), max }
}

/// Creates a missing database file that only its owner can read, because it contains personal data and password hashes.
/// SQLite creates its other files with the same mode.
fn create_private(url: &str) -> std::result::Result<(), DbErr> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new();
    match file.write(true).create_new(true).mode(0o600).open(sqlite_path(url)?) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(DbErr::Custom(error.to_string()))
        }
        _ => Ok(()),
    }
}

fn sqlite_path(url: &str) -> std::result::Result<PathBuf, DbErr> {
    use sea_orm::sqlx::sqlite::SqliteConnectOptions;
    let options: SqliteConnectOptions =
        url.parse().map_err(|error: sea_orm::sqlx::Error| DbErr::Custom(error.to_string()))?;
    Ok(options.get_filename().to_owned())
}

/// The outcome of one attempt at a transaction.
pub type TxResult<T> = std::result::Result<T, TxError>;

/// Why an attempt at a transaction failed. Errors of the database are not converted, because they decide about a retry.
#[derive(Debug)]
pub enum TxError {
    /// The database failed.
    Database(DbErr),
    /// A rule of the service was violated.
    Rule(Error),
}

impl From<DbErr> for TxError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<Error> for TxError {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl From<TxError> for Error {
    fn from(error: TxError) -> Self {
        match error {
            TxError::Database(error) => error.into(),
            TxError::Rule(error) => error,
        }
    }
}

/// Proof that the caller has no open transaction. Operations that wait for something other than the database require it.
/// [`Write`](crate::app::write::Write) is such a proof until it is spent.
pub trait NoTransaction: Sync {}

/// A command or a background job of the program, between its transactions. [`ensure_no_transaction`] checks that at run time.
#[derive(Clone, Copy, Debug)]
pub struct BackgroundJob;

impl NoTransaction for BackgroundJob {}

tokio::task_local! {
    /// Set while a transaction of [`transact!`](crate::transact) or [`spend!`](crate::spend) is open.
    static IN_TRANSACTION: ();
}

/// Runs an attempt at a transaction, in which [`ensure_no_transaction`] fails. Not an `async fn`, because that would store the
/// attempt, a large future, twice.
#[doc(hidden)]
pub fn within_transaction<T>(attempt: impl Future<Output = T>) -> impl Future<Output = T> {
    IN_TRANSACTION.scope((), attempt)
}

/// Checks that the task has no open transaction. Operations that wait for something other than the database call it. `what`
/// describes the operation.
///
/// # Errors
/// [`Error::Internal`], which is a defect.
pub fn ensure_no_transaction(what: &'static str) -> Result<()> {
    match IN_TRANSACTION.try_with(|()| ()) {
        Ok(()) => Err(Error::internal(format!("{what} in an open transaction"))),
        Err(_) => Ok(()),
    }
}

/// Runs a block in a transaction and commits it. An error, by `?` or `return`, rolls the transaction back. When the
/// database requests a retry (a serialization failure, a deadlock), the block runs again from its start, so it must not
/// consume its captured values. The block's value is a [`TxResult`], the macro's value a [`Result`].
///
/// Use it in background jobs, and for writes that must survive the failure of a request. The main write of a request uses
/// [`spend!`](crate::spend).
///
/// This is a macro, because the compiler can't prove that the future of a closure that borrows the transaction is `Send`.
#[macro_export]
macro_rules! transact {
    ($db:expr, |$tx:ident| $block:block) => {{
        let mut number = 0;
        loop {
            number += 1;
            let attempt = async {
                let transaction = $db.begin().await?;
                let $tx = &transaction;
                let work: $crate::db::TxResult<_> = async { $block }.await;
                let value = work?;
                $db.commit(transaction).await?;
                Ok(value)
            };
            let outcome: $crate::db::TxResult<_> = $crate::db::within_transaction(attempt).await;
            if let Some(outcome) = $db.retry_or_finish(outcome, number).await {
                break outcome;
            }
        }
    }};
}
