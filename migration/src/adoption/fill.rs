//! Fills missing values in small transactions, so that the shop waits for a row only briefly. The time of each transaction
//! decides how many rows the next one reads.

use std::time::{Duration, Instant};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::change::Fill;
use super::concurrently::{duplicates, is_duplicate};
use super::query::{value, value_with};
use super::retry;
use super::run::Steps;

/// The number of rows that the first transaction reads.
const FIRST_BATCH: u64 = 250;
/// The limits of that number.
const MIN_BATCH: u64 = 25;
const MAX_BATCH: u64 = 5_000;
/// How long a transaction should take: the shop may wait for the rows that it has changed.
const TARGET: Duration = Duration::from_millis(100);

/// Statements that change rows of a table, in ranges of its primary key.
pub(super) struct Walk<'a> {
    /// The table.
    pub(super) table: &'a str,
    /// Its primary key, an integer.
    pub(super) key: &'a str,
    /// The statement up to its condition.
    pub(super) statement: String,
    /// The condition of the rows that it changes.
    pub(super) condition: &'a str,
}

/// Runs these fills as the next step.
pub(super) async fn run(
    db: &impl ConnectionTrait,
    fills: &[Fill],
    steps: &mut Steps<'_>,
) -> Result<(), DbErr> {
    let walks: Vec<Walk<'_>> = fills.iter().map(update).collect();
    walk(db, &walks, steps).await
}

fn update(fill: &Fill) -> Walk<'static> {
    let Fill { table, key, set, condition } = *fill;
    Walk { table, key, statement: format!(r#"UPDATE "{table}" SET {set}"#), condition }
}

/// Runs these statements as the next step, and reports the rows that they have read.
pub(super) async fn walk(
    db: &impl ConnectionTrait,
    walks: &[Walk<'_>],
    steps: &mut Steps<'_>,
) -> Result<(), DbErr> {
    steps.next();
    let mut total = 0;
    for walk in walks {
        let rows: i64 = value(db, &format!(r#"SELECT count(*) FROM "{}""#, walk.table)).await?;
        total += rows.unsigned_abs();
    }
    let (mut done, mut size) = (0, FIRST_BATCH);
    for walk in walks {
        // Rows that are inserted from now on are complete: the guards saw to it.
        let end: Option<i64> = value(db, &last_key(walk)).await?;
        let mut after = i64::from(i32::MIN) - 1;
        while let Some(last) = next_key(db, walk, (after, end), size).await? {
            let started = now();
            fill_batch(db, walk, (after, last)).await?;
            after = last;
            done = (done + size).min(total);
            size = next_size(size, started.elapsed());
            steps.report(done, total);
        }
    }
    steps.report(total, total);
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures how long the shop may wait, not a time of the program"
)]
fn now() -> Instant {
    Instant::now()
}

/// The number of rows of the next transaction, after one that took this long.
fn next_size(size: u64, elapsed: Duration) -> u64 {
    let next = if elapsed > TARGET {
        size / 2
    } else if elapsed < TARGET / 2 {
        size * 2
    } else {
        size
    };
    next.clamp(MIN_BATCH, MAX_BATCH)
}

fn last_key(walk: &Walk<'_>) -> String {
    let Walk { table, key, .. } = walk;
    format!(r#"SELECT max("{key}")::bigint FROM "{table}""#)
}

/// The last key of the next batch, between these two; none at the end.
async fn next_key(
    db: &impl ConnectionTrait,
    walk: &Walk<'_>,
    (after, end): (i64, Option<i64>),
    size: u64,
) -> Result<Option<i64>, DbErr> {
    let Some(end) = end else { return Ok(None) };
    let Walk { table, key, .. } = walk;
    let select = format!(
        r#"SELECT max("key")::bigint FROM (SELECT "{key}" AS "key" FROM "{table}"
WHERE "{key}" > $1 AND "{key}" <= $2 ORDER BY "{key}" LIMIT {size}) AS "batch""#
    );
    value_with(db, &select, [after.into(), end.into()]).await
}

async fn fill_batch(
    db: &impl ConnectionTrait,
    walk: &Walk<'_>,
    (after, last): (i64, i64),
) -> Result<(), DbErr> {
    let Walk { table, key, statement, condition } = walk;
    let sql = format!(r#"{statement} WHERE "{key}" > {after} AND "{key}" <= {last} AND ({condition})"#);
    match retry::execute_rows(db, &sql).await {
        Err(error) if is_duplicate(&error) => {
            Err(duplicates(&format!("the values of {table} can't be filled in")))
        }
        filled => filled,
    }
}
