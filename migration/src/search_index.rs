//! The trigram index of PostgreSQL. It needs the extension `pg_trgm`, which not every role may create: without it
//! searches are slow, not wrong, so that nothing else waits for it.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Its name.
const NAME: &str = "customer_search_text_idx";

/// The extension's schema is asked for: it needn't be in the search path.
const ENSURE: &str = r#"
DO $$
DECLARE home name;
BEGIN
  IF to_regclass('customer_search_text_idx') IS NOT NULL THEN
    RETURN;
  END IF;
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  SELECT nspname INTO home
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX customer_search_text_idx ON customer USING gin (search_text %I.gin_trgm_ops)', home);
EXCEPTION
  -- May not create it, nor use its schema; or the server has no such extension.
  WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'no pg_trgm: %', SQLERRM;
END
$$"#;

/// Others may use the extension, or own it.
const REMOVE: &str = r#"
DO $$
BEGIN
  DROP INDEX IF EXISTS customer_search_text_idx;
  DROP EXTENSION IF EXISTS pg_trgm;
EXCEPTION
  WHEN insufficient_privilege OR dependent_objects_still_exist THEN
    DROP INDEX IF EXISTS customer_search_text_idx;
END
$$"#;

/// Makes the index, where that is possible and it isn't there. Nothing on SQLite, whose index is always there.
///
/// # Errors
/// Those of the database.
pub async fn ensure(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    match db.get_database_backend() {
        DbBackend::Postgres => db.execute_unprepared(ENSURE).await.map(drop),
        _ => Ok(()),
    }
}

/// Whether it is there.
///
/// # Errors
/// Those of the database.
pub async fn exists(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(true);
    }
    let sql = format!("SELECT to_regclass('{NAME}') IS NOT NULL AS found");
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "found"))
}

pub(crate) async fn remove(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared(REMOVE).await.map(drop)
}
