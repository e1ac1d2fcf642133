//! The errors of services, in terms of the domain: without status codes or messages of the database.
//!
//! Each API maps them to its responses in one place: `src/http/failure.rs` for REST, `src/api/graphql/error.rs` for
//! GraphQL.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// The outcome of a service function.
pub type Result<T> = std::result::Result<T, Error>;

/// The message of [`Error::PositionExpired`].
pub const POSITION_EXPIRED: &str = "Events after this cursor have been deleted (PATRON_JOURNAL_RETENTION). Read the records again, \
     then the feed without a cursor";

/// A validation error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field or filter, as the caller names it.
    pub field: String,
    /// The message for the caller.
    pub message: String,
}

impl Problem {
    /// Creates a validation error of `field`. Both texts may repeat input, and are truncated to their maximum length.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: truncate(field.into(), MAX_FIELD), message: truncate(message.into(), MAX_MESSAGE) }
    }
}

/// The maximum number of validation errors in a response: a body can have thousands of fields.
pub const MAX_PROBLEMS: usize = 100;
/// The maximum length of a message, in characters.
pub const MAX_MESSAGE: usize = 512;
/// The maximum length of a field's name in a validation error, in characters: enough for the namespace and key of a custom
/// field.
const MAX_FIELD: usize = 256;

/// Truncates a text to at most this many characters, and marks the truncation with `…`.
pub fn truncate(mut text: String, max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// The error of a service function. After an error nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is not valid. Lists all validation errors; never empty.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<Problem>),
    /// The caller has no valid credentials.
    #[error("unauthenticated: {0}")]
    Unauthenticated(&'static str),
    /// The caller is authenticated, but has no permission.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// The resource does not exist, or belongs to another account.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Another account has this e-mail address.
    #[error("e-mail address taken")]
    EmailTaken,
    /// The change conflicts with stored data.
    #[error("conflict: {0}")]
    Conflict(Cow<'static, str>),
    /// The data that the input was validated against has changed. The validation has to be repeated.
    #[error("outdated")]
    Outdated,
    /// The resource is not in the version that `If-Match` requires.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The header `If-Match` is required.
    #[error("precondition required")]
    PreconditionRequired,
    /// The request's idempotency key was used for a different request.
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    /// A request with the same idempotency key is running.
    #[error("idempotency key in use")]
    IdempotencyKeyInUse,
    /// Events after the cursor were deleted, so the client would miss them.
    #[error("position expired")]
    PositionExpired,
    /// The rate limit was exceeded.
    #[error("rate limited for {retry_after} s")]
    RateLimited {
        /// Seconds to wait before trying again.
        retry_after: u32,
    },
    /// A temporary failure. The caller may retry.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// For the log, not for the caller.
        reason: String,
        /// Seconds to wait before trying again.
        retry_after: u32,
    },
    /// The database's schema is older than the program, by this many migrations.
    #[error("{0} migrations are pending")]
    MigrationsPending(usize),
    /// The database can't be used until an operator fixes it. The text is written by patron and names no host.
    #[error("the database can't be used: {0}")]
    DatabaseUnusable(String),
    /// A defect of patron or its environment.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// A single validation error.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(field, message)])
    }

    /// A conflict with stored data.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict(message.into())
    }

    /// Clones the error of a batched read for each of its waiting callers.
    pub fn clone_for_waiters(&self) -> Self {
        match self {
            Self::Unavailable { reason, retry_after } => {
                Self::Unavailable { reason: reason.clone(), retry_after: *retry_after }
            }
            other => Self::internal(other),
        }
    }

    /// A temporary failure that may be retried after a second.
    pub fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable { reason: reason.to_string(), retry_after: 1 }
    }

    /// An internal error.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal(reason.to_string())
    }
}

/// The unique indexes of e-mail addresses: by name, as PostgreSQL reports them, and by column, as SQLite does.
const EMAIL_INDEXES: [&str; 4] =
    ["customer_email_key_key", "admin_user_email_key_key", "customer.email_key", "admin_user.email_key"];
/// The unique index of group names, likewise.
const GROUP_NAME_INDEXES: [&str; 2] = ["customer_group_name_key_key", "customer_group.name_key"];

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message))
                if EMAIL_INDEXES.iter().any(|index| message.contains(index)) =>
            {
                return Self::EmailTaken;
            }
            Some(SqlErr::UniqueConstraintViolation(message))
                if GROUP_NAME_INDEXES.iter().any(|index| message.contains(index)) =>
            {
                return Self::conflict("Group name is already used");
            }
            _ => {}
        }
        if is_transient(&error) { Self::unavailable(with_remedy(&error)) } else { Self::internal(error) }
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
    // SQLite: the low byte is the primary code, READONLY or FULL. PostgreSQL: disk_full, read_only_sql_transaction.
    let Some(sea_orm::sqlx::Error::Database(database)) = driver_error(error) else { return false };
    let code = database.code().unwrap_or_default();
    if database.try_downcast_ref::<sea_orm::sqlx::sqlite::SqliteError>().is_some() {
        matches!(code.parse::<u32>().unwrap_or_default() & 0xff, 8 | 13)
    } else {
        code == "53100" || code == "25006"
    }
}

/// Whether the database caused the failure, not the statement, so that a retry may succeed.
fn is_transient(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || is_retriable(error) {
        return true;
    }
    let Some(driver) = driver_error(error) else {
        return false;
    };
    match driver {
        sea_orm::sqlx::Error::Io(_)
        | sea_orm::sqlx::Error::Tls(_)
        | sea_orm::sqlx::Error::Protocol(_)
        | sea_orm::sqlx::Error::PoolTimedOut
        | sea_orm::sqlx::Error::PoolClosed
        | sea_orm::sqlx::Error::WorkerCrashed => true,
        sea_orm::sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            if database.try_downcast_ref::<sea_orm::sqlx::sqlite::SqliteError>().is_some() {
                // The low byte is the primary code: BUSY, LOCKED, READONLY, INTERRUPT (statement timeout), IOERR, FULL,
                // CANTOPEN.
                let primary = code.parse::<u32>().unwrap_or_default() & 0xff;
                matches!(primary, 5 | 6 | 8 | 9 | 10 | 13 | 14)
            } else {
                // Connection exceptions, insufficient resources, operator intervention, system errors, and a server that is
                // temporarily read-only (a standby).
                ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "25006"
            }
        }
        _ => false,
    }
}

/// The message of an error, with a remedy if it concerns TLS.
fn with_remedy(error: &DbErr) -> String {
    let text = error.to_string();
    // Matches the messages of rustls and sqlx, because their error types are not accessible.
    if text.contains("invalid peer certificate") {
        format!(
            "{text}. The server's certificate could not be verified: add sslrootcert=FILE to DATABASE_URL, with the \
             certificate of the issuing authority, and use a host name of the certificate"
        )
    } else if text.contains("server does not support TLS") {
        format!(
            "{text}. Enable TLS on the server, or add sslmode=disable to DATABASE_URL if the network is trusted"
        )
    } else {
        text
    }
}

fn driver_error(error: &DbErr) -> Option<&sea_orm::sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(driver))
        | DbErr::Query(RuntimeErr::SqlxError(driver))
        | DbErr::Conn(RuntimeErr::SqlxError(driver)) => Some(driver),
        _ => None,
    }
}

fn code(error: &DbErr) -> Option<String> {
    match driver_error(error)? {
        sea_orm::sqlx::Error::Database(database) => database.code().map(|code| code.to_string()),
        _ => None,
    }
}
