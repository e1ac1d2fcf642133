//! The errors of services, in terms of the domain: without status codes or messages of the database.
//!
//! Each API maps them to its responses in one place: `src/http/failure/mapping.rs` for REST, `src/api/graphql/error.rs` for
//! GraphQL.

mod driver;

use std::borrow::Cow;

use sea_orm::DbErr;

pub use driver::{
    UniqueIndex, is_damaged, is_lock_timeout, is_refusal_of_start, is_retriable, refused_statement,
    refuses_writes,
};

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
    /// The password is right, and the admin has a second factor: its code is missing.
    #[error("a code of the second factor is required")]
    SecondFactorRequired,
    /// The code of the second factor is wrong, or was used before.
    #[error("the code of the second factor is not valid")]
    SecondFactorInvalid,
    /// The stored second factor can't be read, because it was encrypted with another key. An operator has to remove it, or to
    /// restore the key.
    #[error("the second factor can't be read")]
    SecondFactorUnreadable,
    /// The admin has to confirm who it is, with a code of its second factor.
    #[error("step-up required")]
    StepUpRequired,
    /// The admin has no second factor, and the settings require one.
    #[error("a second factor has to be set up")]
    SecondFactorSetupRequired,
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
    #[error("migrations are pending ({0})")]
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

    /// A conflict with a fixed message, for constants.
    pub const fn fixed_conflict(message: &'static str) -> Self {
        Self::Conflict(Cow::Borrowed(message))
    }

    /// Clones the error of a batched read for each of its waiting callers.
    pub fn clone_for_waiters(&self) -> Self {
        match self {
            Self::Unavailable { reason, retry_after } => {
                Self::Unavailable { reason: reason.clone(), retry_after: *retry_after }
            }
            Self::DatabaseUnusable(reason) => Self::DatabaseUnusable(reason.clone()),
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

/// The error for the name of another group.
pub const GROUP_NAME_TAKEN: Error = Error::fixed_conflict("Group name is already used");

/// The error if the file of an SQLite database is damaged, with the remedy.
const DAMAGED_FILE: &str = "the database file is damaged: stop patron, keep a copy of the file, and restore a backup \
    (docs/backup.md)";

/// The error if PostgreSQL denies the role the use of a table or a schema, with the remedy.
const DENIED: &str = "PostgreSQL denies the role of DATABASE_URL the use of a table or a schema, which its log names. The role that runs \
    `patron migrate up` needs CREATE on the schema; run the server as the same role, or as a member of it";

/// The unique indexes of e-mail addresses.
const EMAIL_INDEXES: [UniqueIndex; 2] = [
    UniqueIndex { table: "customer", columns: &["email_key"] },
    UniqueIndex { table: "admin_user", columns: &["email_key"] },
];
/// The unique index of group names.
const GROUP_NAME_INDEX: UniqueIndex = UniqueIndex { table: "customer_group", columns: &["name_key"] };

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        // The migrations explain what the operator has to do.
        if let DbErr::Migration(reason) = error {
            return Self::DatabaseUnusable(reason);
        }
        if let Some(remedy) = driver::pooler_remedy(&error) {
            return Self::DatabaseUnusable(remedy.to_owned());
        }
        if driver::is_damaged(&error) {
            return Self::DatabaseUnusable(DAMAGED_FILE.to_owned());
        }
        if driver::is_denied(&error) {
            return Self::DatabaseUnusable(DENIED.to_owned());
        }
        if EMAIL_INDEXES.iter().any(|index| index.is_violated_by(&error)) {
            Self::EmailTaken
        } else if GROUP_NAME_INDEX.is_violated_by(&error) {
            GROUP_NAME_TAKEN
        } else if !driver::is_transient(&error) {
            Self::internal(error)
        } else if let Some(remedy) = driver::tls_remedy(&error).or_else(|| driver::login_remedy(&error)) {
            Self::unavailable(format!("{error}. {remedy}"))
        } else {
            Self::unavailable(error)
        }
    }
}
