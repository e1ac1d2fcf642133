//! Indexes that are built and dropped while the table is written to.
//!
//! An interrupted build leaves an invalid index, which no query uses and every write maintains. It is dropped before the
//! next attempt.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::{query, retry};
use crate::history::code;

/// The maximum number of attempts. A build fails if it and the shop wait for each other.
const ATTEMPTS: u32 = 5;

/// Creates an index, unless it exists.
pub(crate) async fn create(db: &impl ConnectionTrait, name: &str, sql: &str) -> Result<(), DbErr> {
    let sql = sql.replacen(" INDEX IF NOT EXISTS ", " INDEX CONCURRENTLY ", 1);
    let mut attempt = 1;
    loop {
        match is_valid(db, name).await? {
            Some(true) => return Ok(()),
            Some(false) => drop(db, name).await?,
            None => {}
        }
        // Not repeated by `retry`, because the attempt has left an invalid index.
        let Err(error) = db.execute_unprepared(&sql).await else { return Ok(()) };
        if is_duplicate(&error) {
            // An invalid index would still refuse rows of the shop.
            drop(db, name).await?;
            return Err(duplicates(&format!("the unique index {name} can't be created")));
        }
        if attempt == ATTEMPTS || !(retry::is_contended(&error) || is_built_elsewhere(&error)) {
            return Err(error);
        }
        attempt += 1;
    }
}

/// Whether the index appeared (duplicate_table): PostgreSQL continues to build it after the program was killed.
fn is_built_elsewhere(error: &DbErr) -> bool {
    code(error).as_deref() == Some("42P07")
}

/// Whether two rows have the same value (unique_violation).
pub(super) fn is_duplicate(error: &DbErr) -> bool {
    code(error).as_deref() == Some("23505")
}

/// The failure of a step because of such rows, with the remedy.
pub(super) fn duplicates(failure: &str) -> DbErr {
    DbErr::Migration(format!(
        "{failure}, because two rows have the same value: run `patron adopt --check`, which lists them, correct them in the \
         shop, and run `patron adopt` again; it continues where it stopped"
    ))
}

/// Drops an index, if it exists.
pub(super) async fn drop(db: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    retry::execute_alone(db, &format!(r#"DROP INDEX CONCURRENTLY IF EXISTS "{name}""#)).await
}

/// Whether an index was built completely; none if it does not exist.
async fn is_valid(db: &impl ConnectionTrait, name: &str) -> Result<Option<bool>, DbErr> {
    let select =
        format!(r#"SELECT (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('"{name}"'))"#);
    query::value(db, &select).await
}
