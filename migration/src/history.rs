//! The migrations that have run on a database, and whether this program can use it.

use std::collections::HashSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, RuntimeErr, SqlErr, Statement};

use crate::STEPS;
use crate::adoption::{self, Phase};

/// The table in which the migrator records its migrations.
const TABLE: &str = "seaql_migrations";

/// The prefixes of migrations that only existed in unreleased builds.
const UNRELEASED: [&str; 4] = ["m20261123_", "m20261124_", "m20261125_", "m20261128_"];

/// The state of a database's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// All migrations have run.
    Current,
    /// This many migrations have not run.
    Pending(usize),
    /// An unreleased build created the schema, before the first released migration. It can't be upgraded.
    Unreleased,
    /// A newer version of patron has run this migration, which this version does not know.
    Newer(String),
    /// This is the database of an EverShop shop, and patron has not adopted it.
    EverShop,
    /// An adoption runs, or was interrupted.
    Adopting,
    /// The undo of an adoption runs, or was interrupted.
    Undoing,
}

/// Reads the state of the database's schema. Changes nothing.
pub async fn read(db: &impl ConnectionTrait) -> Result<History, DbErr> {
    match adoption::phase(db).await? {
        Some(Phase::Adopting) => return Ok(History::Adopting),
        Some(Phase::Undoing) => return Ok(History::Undoing),
        Some(Phase::Shared | Phase::Finished) => {}
        None if adoption::is_evershop(db).await? => return Ok(History::EverShop),
        None => {}
    }
    let applied = applied(db).await?;
    let is_known = |name: &String| STEPS.iter().any(|step| step.name == name);
    if applied.iter().any(|name| UNRELEASED.iter().any(|prefix| name.starts_with(prefix))) {
        return Ok(History::Unreleased);
    }
    if let Some(unknown) = applied.iter().filter(|name| !is_known(name)).max() {
        return Ok(History::Newer(unknown.clone()));
    }
    Ok(match STEPS.iter().filter(|step| !applied.contains(step.name)).count() {
        0 => History::Current,
        pending => History::Pending(pending),
    })
}

/// The names of the pending migrations, oldest first.
pub async fn pending(db: &impl ConnectionTrait) -> Result<Vec<&'static str>, DbErr> {
    let applied = applied(db).await?;
    Ok(STEPS.iter().map(|step| step.name).filter(|name| !applied.contains(*name)).collect())
}

/// The names of the migrations that have run. Does not use the migrator, which would create its table: a role without that
/// permission can also read the history.
async fn applied(db: &impl ConnectionTrait) -> Result<HashSet<String>, DbErr> {
    let has_table = match db.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '{TABLE}')"),
        _ => format!("SELECT to_regclass('{TABLE}') IS NOT NULL"),
    };
    let statement = Statement::from_string(db.get_database_backend(), has_table);
    let row = db.query_one_raw(statement).await?;
    if !row.map_or(Ok(false), |row| row.try_get_by_index::<bool>(0))? {
        return Ok(HashSet::new());
    }
    let select = Query::select().column("version").from(TABLE).take();
    db.query_all(&select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Whether a statement failed because another session was faster: the table or index exists, the row of a catalog is
/// locked, or the migration is recorded.
pub(crate) fn is_overtaken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
        // PostgreSQL: duplicate_table (indexes as well), duplicate_object, deadlock_detected, serialization_failure.
        || matches!(code(error).as_deref(), Some("42P07" | "42710" | "40P01" | "40001"))
}

/// The database's code of an error: SQLSTATE on PostgreSQL.
pub(crate) fn code(error: &DbErr) -> Option<String> {
    use sea_orm_migration::sea_orm::sqlx::Error;
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(driver)) | DbErr::Query(RuntimeErr::SqlxError(driver)) => {
            match &**driver {
                Error::Database(database) => database.code().map(|code| code.to_string()),
                _ => None,
            }
        }
        _ => None,
    }
}
