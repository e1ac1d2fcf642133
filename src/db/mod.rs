//! Connections to the database.
//!
//! SQLite: one connection writes and several read, so that a write never waits for a lock that a client
//! would see as `SQLITE_BUSY`; WAL lets readers go on meanwhile, `synchronous=FULL` makes every commit
//! durable. PostgreSQL: one pool, opened lazily, so that patron starts, and recovers, without it.

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
use crate::telemetry::metrics::{Connections, DatabaseMetrics};

/// A connection that has rested for so long is asked whether it still stands before it is used. Asking each time would
/// be one more round trip for every query; one that was used a moment ago stands, or what it is used for fails as it
/// would in the middle of a query.
const RESTED: Duration = Duration::from_secs(1);

/// How often a transaction is tried when the database asks to do it again.
const ATTEMPTS: u32 = 5;

/// The settings of PostgreSQL that patron relies on, what they have to be, and what helps when they are not. Others it sets
/// itself, or doesn't depend on.
const REQUIRED: [(&str, &str, &str); 5] = [
    ("server_encoding", "UTF8", "create the database with ENCODING 'UTF8' TEMPLATE template0"),
    ("client_encoding", "UTF8", "let the connection pooler pass it on"),
    ("standard_conforming_strings", "on", "ALTER DATABASE or ALTER ROLE … RESET standard_conforming_strings"),
    (
        "default_transaction_isolation",
        "read committed",
        "ALTER DATABASE or ALTER ROLE … RESET default_transaction_isolation",
    ),
    // Otherwise no foreign key is checked, and no row goes with its customer.
    ("session_replication_role", "origin", "ALTER DATABASE or ALTER ROLE … RESET session_replication_role"),
];

/// Reads them; what an engine does not know is not there.
const REQUIRED_SETTINGS: &str = "SELECT name, setting FROM pg_settings WHERE name IN ('server_encoding', \
    'client_encoding', 'standard_conforming_strings', 'default_transaction_isolation', 'session_replication_role')";

/// What is wrong when the file of an SQLite database is not the one that was opened.
const MOVED: &str =
    "the database file was moved, deleted or replaced while patron runs: put it back, or restart patron";

/// What is wrong when an unreleased build created the schema, and the way out.
const UNRELEASED: &str = "an unreleased build of patron created this database, and its schema can't be upgraded. Move its \
    customers to a new database: with the old program, `patron export --with-password-hashes -o customers.ndjson`; with \
    this one and another DATABASE_URL, `patron migrate up` and `patron import --create-groups customers.ndjson`. Admins, \
    definitions of custom fields and webhooks have to be created there";

/// The file of an SQLite database, as it was opened. A process that has it open goes on with it wherever it is moved to,
/// also when it is deleted: what is written then is lost.
#[derive(Debug)]
struct OpenedFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl OpenedFile {
    /// None for a database in memory.
    fn of(path: PathBuf) -> Option<Self> {
        let metadata = std::fs::metadata(&path).ok()?;
        Some(Self { path, device: metadata.dev(), inode: metadata.ino() })
    }

    /// Whether it is where it was opened. One call of the system, about a microsecond.
    fn is_in_place(&self) -> bool {
        let metadata = std::fs::metadata(&self.path);
        metadata.is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode))
    }
}

/// The database, as everything in patron reaches it.
#[derive(Clone, Debug)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    lists: DatabaseConnection,
    /// What is measured of it.
    pub metrics: DatabaseMetrics,
    /// Whether it refused a write, whoever's.
    refuses_writes: Arc<AtomicBool>,
    /// The file, where it is one.
    file: Option<Arc<OpenedFile>>,
}

impl Database {
    /// Opens the database; an SQLite file is made when missing, PostgreSQL is not contacted yet.
    ///
    /// # Errors
    /// A URL that can't be understood, an SQLite file that can't be opened.
    pub async fn connect(config: &DatabaseConfig) -> std::result::Result<Self, DbErr> {
        let url = config.url.expose_secret();
        let mut options = ConnectOptions::new(url.to_owned());
        options
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            .test_before_acquire_if_idle_for(RESTED)
            .connect_timeout(config.acquire_timeout)
            .sqlx_logging_level(tracing::log::LevelFilter::Trace)
            // The driver logs the statement with its placeholders, never their values.
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
                // Other processes (patron admin …, a backup) wait as well, so this is only for them.
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
        let [writer, reader, lists] = [writer, reader, lists].map(|pool| measured(pool, &metrics));
        let file = OpenedFile::of(sqlite_path(url)?).map(Arc::new);
        Ok(Self { file, ..Self::of(writer, reader, lists, metrics) })
    }

    async fn connect_postgres(
        mut options: ConnectOptions,
        statement_timeout: Duration,
    ) -> std::result::Result<Self, DbErr> {
        options.connect_lazy(true).statement_timeout(statement_timeout).set_application_name("patron");
        let metrics = DatabaseMetrics::default();
        let pool = measured(SeaOrm::connect(options).await?, &metrics);
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

    /// Whether a transaction was refused since the last that is known to have written: the database is read-only, or
    /// its disk is full.
    pub fn is_read_only(&self) -> bool {
        self.refuses_writes.load(Ordering::Relaxed)
    }

    /// One has written again.
    pub fn record_write(&self) {
        self.refuses_writes.store(false, Ordering::Relaxed);
    }

    /// SQLite or PostgreSQL.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether this is the embedded database, which patron migrates by itself.
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// Where reads go.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Passes when nothing about the database is such that patron must not work with it: the settings of PostgreSQL, as
    /// they are on a pooled connection, and that the file of an SQLite database is still where it was opened.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`], naming what is wrong; those of the database.
    pub async fn ensure_usable(&self) -> Result<()> {
        if self.is_embedded() {
            return if self.is_in_place() { Ok(()) } else { Err(Error::DatabaseUnusable(MOVED.to_owned())) };
        }
        let select = Statement::from_string(self.backend(), REQUIRED_SETTINGS);
        for row in self.reader.query_all_raw(select).await? {
            let (name, value): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let required = REQUIRED.iter().find(|(required, ..)| *required == name);
            if let Some((_, expected, remedy)) = required.filter(|(_, expected, _)| *expected != value) {
                let text = format!("{name} is {value}, and patron needs {expected}: {remedy}");
                return Err(Error::DatabaseUnusable(text));
            }
        }
        Ok(())
    }

    fn is_in_place(&self) -> bool {
        self.file.as_ref().is_none_or(|file| file.is_in_place())
    }

    /// How many migrations have not run.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] when its schema is that of an unreleased build or of a newer program; those of the
    /// database.
    pub async fn pending_migrations(&self) -> Result<usize> {
        match migration::history::read(&self.reader).await? {
            History::Current => Ok(0),
            History::Pending(count) => Ok(count),
            History::Unreleased => Err(Error::DatabaseUnusable(UNRELEASED.to_owned())),
            History::Newer(name) => Err(Error::DatabaseUnusable(format!(
                "a newer version of patron has migrated the database ({name}): run that version, or restore a backup"
            ))),
        }
    }

    /// Brings the schema up to date. On a connection of its own, where no statement is given up: an index over many
    /// rows takes longer than any request may.
    ///
    /// # Errors
    /// As [`pending_migrations`](Self::pending_migrations).
    pub async fn migrate(&self, config: &DatabaseConfig) -> Result<()> {
        self.pending_migrations().await?;
        if self.is_embedded() {
            return Ok(migration::up(self.migration_connection()).await?);
        }
        let patient =
            DatabaseConfig { statement_timeout: Duration::ZERO, max_connections: 1, ..config.clone() };
        let owner = Self::connect(&patient).await?;
        let migrated = migration::up(owner.migration_connection()).await;
        owner.close().await?;
        Ok(migrated?)
    }

    /// The connection that migrations change the schema with.
    pub fn migration_connection(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction; [`transact!`](crate::transact) and [`spend!`](crate::spend) are how services do it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin(&self) -> std::result::Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            // Takes the write lock at once: a transaction that reads first and is overtaken by another
            // process could not write any more (SQLITE_BUSY_SNAPSHOT). PostgreSQL ignores it.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        if !self.is_in_place() {
            return Err(DbErr::Conn(RuntimeErr::Internal(MOVED.to_owned())));
        }
        let watch = Timer::start();
        let transaction = self.writer.begin_with_options(options).await?;
        self.metrics.begun(watch.elapsed());
        Ok(transaction)
    }

    /// Notes in the metrics how many connections there are.
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
    ///
    /// # Errors
    /// Those of the database.
    pub async fn finish(&self, transaction: DatabaseTransaction) -> std::result::Result<(), DbErr> {
        transaction.commit().await
    }

    /// What to do with the outcome of the `number`th attempt: none means to try again.
    pub async fn retry_or_finish<T>(&self, outcome: TxResult<T>, number: u32) -> Option<Result<T>> {
        match outcome {
            Err(TxError::Database(error)) if is_retriable(&error) && number < ATTEMPTS => {
                tracing::debug!(%error, number, "the transaction is done again");
                self.metrics.retried();
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

    /// Closes all connections; waits for those in use.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn close(self) -> std::result::Result<(), DbErr> {
        self.reader.close().await?;
        self.lists.close().await?;
        self.writer.close().await
    }
}

/// Has every statement measured.
fn measured(mut connection: DatabaseConnection, metrics: &DatabaseMetrics) -> DatabaseConnection {
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

fn connections<D: sea_orm::sqlx::Database>(pool: &'static str, of: &sea_orm::sqlx::Pool<D>) -> Connections {
    let most = usize::try_from(of.options().get_max_connections()).unwrap_or(usize::MAX);
    let open = usize::try_from(of.size()).unwrap_or(usize::MAX);
    Connections { pool, open, idle: of.num_idle(), most }
}

/// Makes the file of the database when it is missing, for its owner alone (SQLite gives the files beside it the
/// same mode): it holds personal data and password hashes.
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

/// Why an attempt failed: database errors are kept as they are until it is known whether to try again.
#[derive(Debug)]
pub enum TxError {
    /// The database refused.
    Database(DbErr),
    /// A rule of the service refused.
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
    fn from(failed: TxError) -> Self {
        match failed {
            TxError::Database(error) => error.into(),
            TxError::Rule(error) => error,
        }
    }
}

/// Shows that the caller has no transaction open: asked for by everything that waits for something else than the database.
/// The right to a [`Write`](crate::app::write::Write) shows it until it is spent.
pub trait NoTransaction: Sync {}

/// A command or a job of the program itself that is between its transactions. [`ensure_outside`] checks it.
#[derive(Clone, Copy, Debug)]
pub struct Job;

impl NoTransaction for Job {}

tokio::task_local! {
    /// Set while a transaction of [`transact!`](crate::transact) or [`spend!`](crate::spend) is open.
    static INSIDE: ();
}

/// Runs an attempt at a transaction, with [`ensure_outside`] failing in it. No `async fn`, which would hold the attempt,
/// a large future, twice.
#[doc(hidden)]
pub fn inside<T>(attempt: impl Future<Output = T>) -> impl Future<Output = T> {
    INSIDE.scope((), attempt)
}

/// Makes sure that no transaction is open here: called by everything that waits for something else than the database.
///
/// # Errors
/// [`Error::Internal`]; a defect.
pub fn ensure_outside(what: &'static str) -> Result<()> {
    match INSIDE.try_with(|()| ()) {
        Ok(()) => Err(Error::internal(format!("{what} in an open transaction"))),
        Err(_) => Ok(()),
    }
}

/// Runs a block in a transaction and commits it; any error, by `?` or `return`, rolls it back. When the
/// database asks to do it again (a serialization failure, a deadlock), the block runs again from its start,
/// so it must not use anything up. Its value is an [`TxResult`], that of the whole a [`Result`].
///
/// For what has to be kept whatever comes of a request, and for jobs; the write that a request is there for is done by
/// [`spend!`](crate::spend).
///
/// A macro, because a closure that lends the transaction to a future can't tell the compiler that the
/// future may move between threads.
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
                $db.finish(transaction).await?;
                Ok(value)
            };
            let outcome: $crate::db::TxResult<_> = $crate::db::inside(attempt).await;
            if let Some(outcome) = $db.retry_or_finish(outcome, number).await {
                break outcome;
            }
        }
    }};
}
