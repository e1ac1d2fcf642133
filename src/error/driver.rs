//! What an error of the database driver means: whether a retry may succeed, which unique index was violated, and how an
//! operator fixes a failed TLS connection.
//!
//! SQLite reports numbers, PostgreSQL reports SQLSTATE codes (PostgreSQL documentation, appendix A).

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// A unique index of the schema.
#[derive(Clone, Copy, Debug)]
pub struct UniqueIndex {
    /// The name of the table.
    pub table: &'static str,
    /// The names of the indexed columns, in order.
    pub columns: &'static [&'static str],
}

/// Unique constraints of the tables that patron shares with a shop. PostgreSQL checks them before the indexes of patron,
/// because they are older.
const SHOP_CONSTRAINTS: [(&str, &str); 3] = [
    ("customer", "EMAIL_UNIQUE"),
    ("admin_user", "ADMIN_USER_EMAIL_UNIQUE"),
    ("metafield_definition", "METAFIELD_DEFINITION_KEY_UNIQUE"),
];

impl UniqueIndex {
    /// Whether the error is a violation of this index. PostgreSQL reports the name of the index, which the migrations
    /// derive from its columns. SQLite has no field for it: its message lists the columns.
    pub fn is_violated_by(&self, error: &DbErr) -> bool {
        let Some(error) = database_error(error).filter(|error| error.is_unique_violation()) else {
            return false;
        };
        match error.constraint() {
            Some(name) => {
                name == format!("{}_{}_key", self.table, self.columns.join("_"))
                    || SHOP_CONSTRAINTS.contains(&(self.table, name))
            }
            None => {
                let columns: Vec<String> =
                    self.columns.iter().map(|column| format!("{}.{column}", self.table)).collect();
                let reported = error.message().strip_prefix("UNIQUE constraint failed: ");
                reported == Some(columns.join(", ").as_str())
            }
        }
    }
}

/// Whether the database aborted a transaction that may succeed when it is retried.
pub fn is_retriable(error: &DbErr) -> bool {
    // PostgreSQL: serialization_failure, deadlock_detected. SQLite: SQLITE_BUSY and its extended codes, which only occur if
    // another process locks the file for longer than the busy timeout.
    matches!(code(error).as_deref(), Some("40001" | "40P01" | "5" | "261" | "517"))
}

/// Whether the lock timeout of PostgreSQL was exceeded (lock_not_available).
pub fn is_lock_timeout(error: &DbErr) -> bool {
    code(error).as_deref() == Some("55P03")
}

/// Whether the database refuses all writes, because it is read-only or its disk is full.
pub fn refuses_writes(error: &DbErr) -> bool {
    let Some(error) = database_error(error) else { return false };
    match sqlite_primary_code(error) {
        // READONLY or FULL.
        Some(primary) => matches!(primary, 8 | 13),
        // disk_full, read_only_sql_transaction.
        None => matches!(error.code().as_deref(), Some("53100" | "25006")),
    }
}

/// Whether the file of an SQLite database is damaged, or is not a database (CORRUPT, NOTADB).
pub fn is_damaged(error: &DbErr) -> bool {
    database_error(error).and_then(sqlite_primary_code).is_some_and(|primary| matches!(primary, 11 | 26))
}

/// What the database says about a statement that it refuses. `None` if the database caused the failure, not the statement.
pub fn refused_statement(error: &DbErr) -> Option<&str> {
    if is_transient(error) { None } else { Some(database_error(error)?.message()) }
}

/// Whether the database caused the failure, not the statement, so that a retry may succeed.
pub(super) fn is_transient(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || is_retriable(error) {
        return true;
    }
    match driver_error(error) {
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        Some(sqlx::Error::Database(error)) => is_transient_code(&**error),
        _ => false,
    }
}

fn is_transient_code(error: &(dyn DatabaseError + 'static)) -> bool {
    match sqlite_primary_code(error) {
        // BUSY, LOCKED, READONLY, INTERRUPT (statement timeout), IOERR, FULL, CANTOPEN.
        Some(primary) => matches!(primary, 5 | 6 | 8 | 9 | 10 | 13 | 14),
        // Connection exceptions, insufficient resources, operator intervention, system errors, and a server that is
        // temporarily read-only (a standby).
        None => {
            let code = error.code().unwrap_or_default();
            ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "25006"
        }
    }
}

/// The error if a pooler refuses the start of a connection, with the remedy.
const REFUSED_START: &str = "a connection pooler refuses patron's start parameters: set PATRON_DATABASE_POOLER to its pool_mode, session \
    or transaction, and leave `options` out of DATABASE_URL";
/// The error if statements of one connection reach several connections of the server, with the remedy.
const MIXED_SESSIONS: &str = "a connection pooler runs each transaction on another connection: set PATRON_DATABASE_POOLER=transaction, \
    or let it pool sessions";

/// What is wrong with the connection pooler, and how an operator fixes it. `None` for any other error.
pub(super) fn pooler_remedy(error: &DbErr) -> Option<&'static str> {
    let error = database_error(error)?;
    if is_refusal_of_start(error) {
        return Some(REFUSED_START);
    }
    // duplicate_prepared_statement, invalid_sql_statement_name.
    matches!(error.code().as_deref(), Some("42P05" | "26000")).then_some(MIXED_SESSIONS)
}

/// Whether a pooler refuses a parameter of the start of a connection: protocol_violation, as PgBouncer reports it.
pub fn is_refusal_of_start(error: &(dyn DatabaseError + 'static)) -> bool {
    error.code().as_deref() == Some("08P01") && error.message().contains("startup parameter")
}

/// How an operator fixes a refused login. `None` for any other error.
pub(super) fn login_remedy(error: &DbErr) -> Option<&'static str> {
    match code(error)?.as_str() {
        // invalid_authorization_specification, invalid_password.
        "28000" | "28P01" => Some(
            "Correct the user and the password in DATABASE_URL, or the rules in pg_hba.conf of the server",
        ),
        // invalid_catalog_name.
        "3D000" => Some("Create the database, or correct its name in DATABASE_URL"),
        // too_many_connections.
        "53300" => Some("Lower PATRON_DATABASE_CONNECTIONS, or raise max_connections of the server"),
        _ => None,
    }
}

/// Whether PostgreSQL denies the role the use of a table or a schema (insufficient_privilege).
pub(super) fn is_denied(error: &DbErr) -> bool {
    code(error).as_deref() == Some("42501")
}

/// How an operator fixes a failed TLS connection. `None` for any other error.
pub(super) fn tls_remedy(error: &DbErr) -> Option<&'static str> {
    let driver = driver_error(error)?;
    match (tls_error(driver), driver) {
        (Some(rustls::Error::InvalidCertificate(_)), _) => Some(
            "The server's certificate could not be verified: add sslrootcert=FILE to DATABASE_URL, with the certificate of \
             the issuing authority, and use a host name of the certificate",
        ),
        // The driver refuses a server without TLS before TLS begins, so the error is not one of rustls.
        (None, sqlx::Error::Tls(_)) => {
            Some("Enable TLS on the server, or add sslmode=disable to DATABASE_URL if the network is trusted")
        }
        _ => None,
    }
}

fn tls_error(error: &sqlx::Error) -> Option<&rustls::Error> {
    match error {
        // A failed handshake is reported as a failure of the connection.
        sqlx::Error::Io(error) => error.get_ref()?.downcast_ref(),
        sqlx::Error::Tls(error) => error.downcast_ref(),
        _ => None,
    }
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(driver))
        | DbErr::Query(RuntimeErr::SqlxError(driver))
        | DbErr::Conn(RuntimeErr::SqlxError(driver)) => Some(driver),
        _ => None,
    }
}

/// The error of the database itself. `None` if the database did not respond.
fn database_error(error: &DbErr) -> Option<&(dyn DatabaseError + 'static)> {
    match driver_error(error)? {
        sqlx::Error::Database(error) => Some(&**error),
        _ => None,
    }
}

fn code(error: &DbErr) -> Option<String> {
    Some(database_error(error)?.code()?.into_owned())
}

/// The primary code of SQLite: the low byte of its extended code. `None` for PostgreSQL.
fn sqlite_primary_code(error: &(dyn DatabaseError + 'static)) -> Option<u32> {
    error.try_downcast_ref::<SqliteError>()?;
    Some(error.code().unwrap_or_default().parse::<u32>().unwrap_or_default() & 0xff)
}
