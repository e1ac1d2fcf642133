//! What can go wrong in a service, in the terms of the domain: no status codes, no texts of the database.
//!
//! Each surface maps these once, exhaustively: `http/failure.rs` for REST, `graphql/error.rs` for GraphQL.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// The outcome of a service function.
pub type Result<T> = std::result::Result<T, Error>;

/// What a reader of the feed is told whose cursor has expired.
pub const POSITION_EXPIRED: &str = "Events behind this cursor have been deleted (PATRON_JOURNAL_RETENTION); read the records again, \
     and then the feed without a cursor";

/// One thing wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field or filter, as the caller names it.
    pub field: String,
    /// What to tell the caller.
    pub message: String,
}

impl Problem {
    /// A problem with `field`. Both texts are cut where they are too long: they may repeat what came in.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: cut(field.into(), MAX_FIELD), message: cut(message.into(), MAX_MESSAGE) }
    }
}

/// The most problems with an input that a caller is told of: a body holds thousands of fields.
pub const MAX_PROBLEMS: usize = 100;
/// The longest message, in characters.
pub const MAX_MESSAGE: usize = 512;
/// The longest name of a field in a problem, in characters: namespace and key of a custom field and more.
const MAX_FIELD: usize = 256;

/// A text of at most so many characters, and `…` where more was.
pub fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Why a service function did not do what it was asked. When it failed, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input breaks rules, all of which are listed; never empty.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<Problem>),
    /// The caller isn't known, or no longer trusted.
    #[error("unauthenticated: {0}")]
    Unauthenticated(&'static str),
    /// The caller is known and may not do this.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// There is no such thing, or it isn't the caller's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Another account has this e-mail address.
    #[error("e-mail taken")]
    EmailTaken,
    /// It contradicts what is stored.
    #[error("conflict: {0}")]
    Conflict(Cow<'static, str>),
    /// What the input was checked by has changed since; it has to be checked again.
    #[error("outdated")]
    Outdated,
    /// The caller wants to change a version that isn't the present one.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The caller has to say which version it wants to change.
    #[error("precondition required")]
    PreconditionRequired,
    /// The key of the request came with another request before.
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    /// A request with the same key is being done.
    #[error("idempotency key in use")]
    IdempotencyKeyInUse,
    /// Events up to this place of the feed were deleted: who asks for those behind it would miss some.
    #[error("position expired")]
    PositionExpired,
    /// It was tried too often.
    #[error("rate limited for {retry_after} s")]
    RateLimited {
        /// Seconds to wait before trying again.
        retry_after: u32,
    },
    /// It can't be done now and may be tried again.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// For the log, not for the caller.
        reason: String,
        /// Seconds to wait before trying again.
        retry_after: u32,
    },
    /// The schema of the database is older than the program, by this many migrations.
    #[error("{0} migrations are pending")]
    MigrationsPending(usize),
    /// The database can't be used as it is, until an operator changes that. The text is ours, and names no host.
    #[error("the database can't be used: {0}")]
    DatabaseUnusable(String),
    /// A defect of patron or of its surroundings.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// One problem with one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(field, message)])
    }

    /// It contradicts what is stored.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict(message.into())
    }

    /// The error of a read, once more for each who asked for what was read.
    pub fn clone_for_waiters(&self) -> Self {
        match self {
            Self::Unavailable { reason, retry_after } => {
                Self::Unavailable { reason: reason.clone(), retry_after: *retry_after }
            }
            other => Self::internal(other),
        }
    }

    /// Something that passes by itself, soon.
    pub fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable { reason: reason.to_string(), retry_after: 1 }
    }

    /// A defect.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal(reason.to_string())
    }
}

/// The unique indexes over keys of e-mail addresses: by name, as PostgreSQL reports them, and by column, as SQLite does.
const EMAIL_INDEXES: [&str; 4] =
    ["customer_email_key_key", "admin_user_email_key_key", "customer.email_key", "admin_user.email_key"];
/// The unique index over keys of group names, likewise.
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
        if is_passing(&error) { Self::unavailable(why(&error)) } else { Self::internal(error) }
    }
}

/// Whether the database gave up on a transaction that may well succeed when it is done again.
pub fn is_retriable(error: &DbErr) -> bool {
    // PostgreSQL: serialization_failure, deadlock_detected. SQLite: SQLITE_BUSY and its extended codes,
    // seen only when another process holds the file beyond the busy timeout.
    matches!(code(error).as_deref(), Some("40001" | "40P01" | "5" | "261" | "517"))
}

/// Whether PostgreSQL gave up waiting for a lock (lock_not_available).
pub fn is_lock_timeout(error: &DbErr) -> bool {
    code(error).as_deref() == Some("55P03")
}

/// Whether the database takes no writes at all: it is read-only, or its disk is full.
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

/// Whether the database, not the statement, is the trouble.
fn is_passing(error: &DbErr) -> bool {
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
                // The low byte is the primary code: BUSY, LOCKED, READONLY, INTERRUPT (it took too long), IOERR, FULL,
                // CANTOPEN.
                let primary = code.parse::<u32>().unwrap_or_default() & 0xff;
                matches!(primary, 5 | 6 | 8 | 9 | 10 | 13 | 14)
            } else {
                // Connection exceptions, insufficient resources, operator intervention, system errors,
                // and a server that is read-only for now (a standby).
                ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "25006"
            }
        }
        _ => false,
    }
}

/// What it says, and what helps when it is about TLS.
fn why(error: &DbErr) -> String {
    let text = error.to_string();
    // The words of rustls and sqlx, whose types for it are not ours to see.
    if text.contains("invalid peer certificate") {
        format!(
            "{text}. The server's certificate could not be verified: add sslrootcert=FILE to DATABASE_URL, with the \
             certificate of the authority that issued it, and use the name that it is for"
        )
    } else if text.contains("server does not support TLS") {
        format!(
            "{text}. Turn it on there, or add sslmode=disable to DATABASE_URL where nobody else can listen"
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
