//! What the database is: patron's own, the shop's, or shared by both.

use std::collections::BTreeMap;

use migration::adoption::{self, Adoption};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use crate::app::ctx::AdminCtx;
use crate::error::{Error, Result};

/// What the database is, as far as an adoption is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseState {
    /// SQLite, which the shop can't use.
    Embedded,
    /// It has neither tables of patron nor of the shop.
    Empty,
    /// patron created its schema.
    Own,
    /// It has a table `customer`, which neither patron nor the shop created.
    Foreign,
    /// The shop's, not adopted. With the versions of its modules.
    Shop(BTreeMap<String, String>),
    /// The shop's, with an adoption that runs, was interrupted, or is complete.
    Adopted(Adoption),
}

/// Which tables that only patron creates, or that both create, exist.
const TABLES: &str =
    "SELECT to_regclass('seaql_migrations') IS NOT NULL, to_regclass('customer') IS NOT NULL";

/// Whether the role may read the versions of the shop's modules.
const IS_READABLE: &str = "SELECT has_table_privilege(to_regclass('migration'), 'SELECT')";

/// Reads what the database is. Writes nothing.
///
/// # Errors
/// [`Error::Unavailable`] if the database can't be reached; [`Error::Conflict`] if the role may not read the shop's versions.
pub async fn state(ctx: &AdminCtx) -> Result<DatabaseState> {
    if ctx.app.db.is_embedded() {
        return Ok(DatabaseState::Embedded);
    }
    let db = ctx.app.db.reader();
    if let Some(adoption) = adoption::read(db).await? {
        return Ok(DatabaseState::Adopted(adoption));
    }
    if adoption::is_evershop(db).await? {
        ensure_readable(db).await?;
    }
    if let Some(modules) = adoption::modules(db).await? {
        return Ok(DatabaseState::Shop(modules));
    }
    let row = row(db, TABLES).await?;
    let (is_migrated, has_customers): (bool, bool) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok(match (is_migrated, has_customers) {
        (true, _) => DatabaseState::Own,
        (false, true) => DatabaseState::Foreign,
        (false, false) => DatabaseState::Empty,
    })
}

async fn ensure_readable(db: &impl ConnectionTrait) -> Result<()> {
    if row(db, IS_READABLE).await?.try_get_by_index::<bool>(0)? {
        return Ok(());
    }
    Err(Error::conflict(
        "the role of DATABASE_URL may not read EverShop's table migration: connect with the role that EverShop uses, or with \
         a member of it",
    ))
}

async fn row(db: &impl ConnectionTrait, sql: &str) -> Result<QueryResult> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.ok_or_else(|| Error::internal("the database did not return a row"))
}
