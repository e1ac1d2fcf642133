//! Errors of the driver that say something about the server, not about the statement.

use std::io;
use std::sync::Arc;

use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use crate::error::is_refusal_of_start;

/// The error of a server that does not respond in time, or must not be used.
pub(super) fn unresponsive(reason: &'static str) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, reason))
}

/// Whether the connection must not be used again after this error: it is broken, its server is read-only, stops or starts, or
/// its prepared statements are not those that the driver knows.
pub(super) fn is_of_server(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        error => is_refusal_of_server(error) || has_other_statements(error),
    }
}

/// duplicate_prepared_statement, invalid_sql_statement_name: a pooler, or another program, has changed the session.
fn has_other_statements(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    matches!(error.code().as_deref(), Some("42P05" | "26000"))
}

/// Whether the server refuses statements: read_only_sql_transaction, admin_shutdown, crash_shutdown, cannot_connect_now.
pub(super) fn is_refusal_of_server(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    matches!(error.code().as_deref(), Some("25006" | "57P01" | "57P02" | "57P03"))
}

/// Whether a read that failed with this error on a replica may succeed on the primary: the replica is unavailable or damaged,
/// its tables are those of an older release, its role may not read them, or the read conflicts with what it replays. Not if the
/// statement was canceled.
pub(super) fn is_of_replica(error: &DbErr) -> bool {
    let DbErr::Query(RuntimeErr::SqlxError(driver)) = error else { return false };
    let sqlx::Error::Database(database) = &**driver else { return is_of_server(driver) };
    let code = database.code().unwrap_or_default();
    // Connection exceptions, insufficient resources, operator intervention but for query_canceled, system errors, internal
    // errors such as a corrupted index.
    let is_of_its_server = ["08", "53", "57P", "58", "XX"].iter().any(|class| code.starts_with(class));
    // undefined_table, undefined_column, undefined_function, insufficient_privilege.
    let is_of_its_database = matches!(code.as_ref(), "42P01" | "42703" | "42883" | "42501");
    is_of_its_server || is_of_its_database || is_of_server(driver) || is_conflict(error)
}

/// Whether a replica has canceled a read, because it waited too long to replay a change of the rows that were being read.
pub(super) fn is_conflict(error: &DbErr) -> bool {
    let DbErr::Query(RuntimeErr::SqlxError(driver)) = error else { return false };
    let sqlx::Error::Database(database) = &**driver else { return false };
    // serialization_failure, deadlock_detected.
    matches!(database.code().as_deref(), Some("40001" | "40P01"))
}

/// Whether the server refuses the login, so that a repetition can't succeed before an operator has changed something: the
/// password is wrong, the database does not exist, or a pooler does not know a parameter.
pub(super) fn is_refusal_of_login(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    let code = error.code().unwrap_or_default();
    code.starts_with("28") || code == "3D000" || is_refusal_of_start(&**error)
}

/// The error of a query, as sea-orm has it.
pub(super) fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

/// The error of a statement that returns no rows, as sea-orm has it.
pub(super) fn execution_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

/// The error of a connection that was not acquired, as sea-orm has it.
pub(super) fn acquire_error(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))),
    }
}
