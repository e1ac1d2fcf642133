//! The trigram index of PostgreSQL. It needs the extension `pg_trgm`, which some roles may not create and some database
//! servers do not have. Without the index searches are slow but correct, so a failure to create it is ignored.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::history::code;

/// The index's name.
pub(crate) const NAME: &str = "customer_search_text_idx";

/// Selects the extension's schema, which may not be in the search path.
const SCHEMA: &str = "SELECT nspname::text FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'";

/// Creates the index if it does not exist and can be created. Does nothing on SQLite, which has a different index.
pub async fn ensure(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if exists(db).await? {
        return Ok(());
    }
    match create(db).await {
        Err(error) if is_impossible(&error) => Ok(()),
        other => other,
    }
}

async fn create(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if let Some(index) = statement(db).await? {
        db.execute_unprepared(&index).await?;
    }
    Ok(())
}

/// Creates the extension, and returns the statement that creates the index; none without the extension.
pub(crate) async fn statement(db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    db.execute_unprepared("CREATE EXTENSION IF NOT EXISTS pg_trgm").await?;
    let schema = db.query_one_raw(Statement::from_string(db.get_database_backend(), SCHEMA)).await?;
    // Some database servers accept the statement, but do not record the extension.
    let Some(schema) = schema else { return Ok(None) };
    let schema: String = schema.try_get_by_index(0)?;
    let class = format!(r#""{}"."gin_trgm_ops""#, schema.replace('"', "\"\""));
    Ok(Some(format!(
        r#"CREATE INDEX IF NOT EXISTS "{NAME}" ON "customer" USING gin ("search_text" {class})"#
    )))
}

/// Whether the role may not create the extension or use its schema, or the server does not have the extension or this type
/// of index.
pub(crate) fn is_impossible(error: &DbErr) -> bool {
    // insufficient_privilege, undefined_file, feature_not_supported, invalid_parameter_value, undefined_object,
    // syntax_error.
    matches!(code(error).as_deref(), Some("42501" | "58P01" | "0A000" | "22023" | "42704" | "42601"))
}

/// Whether searches have an index.
pub async fn exists(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(true);
    }
    let sql = format!("SELECT to_regclass('{NAME}') IS NOT NULL AS found");
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "found"))
}
