//! Statements that need a lock of a table.
//!
//! While a statement waits for an exclusive lock, all later statements of the shop wait behind it. So it waits for
//! [`WAIT`] only, and is tried again after a pause. Vacuuming by PostgreSQL itself yields to a statement that has waited
//! for a second. The batch waits for that before, with a lock that stops neither readers nor writers.

use std::time::Duration;

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::SHARED_TABLES;
use crate::history::code;

/// How long a statement waits for an exclusive lock, and the shop behind it.
const WAIT: &str = "300ms";
/// How long a batch waits for a lock that stops no reader and no writer.
const WAIT_UNNOTICED: &str = "10s";
/// The maximum number of attempts. With the pauses they take about six minutes.
const ATTEMPTS: u32 = 150;
/// The pause after the first attempt, in milliseconds. Each later one is longer by as much, up to the maximum.
const PAUSE_MS: u64 = 250;
/// The longest pause, in milliseconds.
const MAX_PAUSE_MS: u64 = 2000;

/// Runs statements as one transaction of patron, which waits for a lock of a shared table only briefly and is then tried
/// again. Separated by semicolons.
pub(super) async fn execute(db: &impl ConnectionTrait, sql: &str) -> Result<(), DbErr> {
    let tables = shared_tables(sql);
    let unnoticed = if tables.is_empty() {
        String::new()
    } else {
        format!(
            "SET LOCAL lock_timeout = '{WAIT_UNNOTICED}';\nLOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE;\n",
            tables.join(", ")
        )
    };
    repeat(db, &marked(&format!("{unnoticed}SET LOCAL lock_timeout = '{WAIT}';\n{sql}")), sql).await
}

/// Changes rows as one transaction of patron, which waits for a lock of a row only briefly.
pub(super) async fn execute_rows(db: &impl ConnectionTrait, sql: &str) -> Result<(), DbErr> {
    repeat(db, &marked(&format!("SET LOCAL lock_timeout = '{WAIT}';\n{sql}")), sql).await
}

/// Runs a statement that can't be in a transaction, and waits for locks that stop no reader and no writer.
pub(super) async fn execute_alone(db: &impl ConnectionTrait, sql: &str) -> Result<(), DbErr> {
    repeat(db, sql, sql).await
}

/// The guards ignore the writes of transactions with this mark.
fn marked(sql: &str) -> String {
    format!("SET LOCAL patron.writer = 'on';\n{sql}")
}

/// Several statements in one message to PostgreSQL are one transaction.
async fn repeat(db: &impl ConnectionTrait, batch: &str, sql: &str) -> Result<(), DbErr> {
    for attempt in 0..ATTEMPTS {
        match db.execute_unprepared(batch).await {
            Err(error) if is_contended(&error) => pause(attempt).await,
            executed => return executed.map(|_| ()),
        }
    }
    let tables = shared_tables(sql);
    let what = if tables.is_empty() { "a table of the database".to_owned() } else { tables.join(", ") };
    Err(DbErr::Migration(format!(
        "another program has kept a lock of {what} for several minutes: end long transactions and dumps of this database (see \
         pg_stat_activity), and run the command again; it continues where it stopped"
    )))
}

/// The pauses differ, so that they don't coincide with work that the shop repeats.
async fn pause(attempt: u32) {
    let steps = u64::from(attempt) + 1;
    let milliseconds = (PAUSE_MS * steps).min(MAX_PAUSE_MS) + steps * 37 % 100;
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Whether other sessions were in the way: lock_not_available, deadlock_detected, serialization_failure.
pub(super) fn is_contended(error: &DbErr) -> bool {
    matches!(code(error).as_deref(), Some("55P03" | "40P01" | "40001"))
}

/// The shared tables that a statement names, in quotes, in an order that is always the same.
fn shared_tables(sql: &str) -> Vec<String> {
    let words: Vec<&str> = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let named = SHARED_TABLES.iter().filter(|table| words.contains(table));
    named.map(|table| format!("\"{table}\"")).collect()
}
