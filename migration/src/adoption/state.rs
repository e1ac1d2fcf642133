//! The row of `patron_adoption`.

use std::collections::BTreeMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, DbErr, QueryResult, Statement};

use super::{Adoption, Phase, query, retry};
use crate::{Migrator, Step};

const EXISTS: &str = "SELECT to_regclass('patron_adoption') IS NOT NULL";

const PHASE: &str = r#"SELECT "phase" FROM "patron_adoption""#;

const ROW: &str = r#"SELECT "phase", "started_at", "adopted_at", "finished_at" FROM "patron_adoption""#;

const MODULES: &str = r#"SELECT "key", "value" FROM "patron_adoption", jsonb_each_text("modules")"#;

/// The table and its row appear together. An undo that was interrupted becomes an adoption again.
const START: &str = r#"CREATE TABLE IF NOT EXISTS "patron_adoption" (
"patron_adoption_id" integer PRIMARY KEY CHECK ("patron_adoption_id" = 1),
"phase" varchar NOT NULL,
"modules" jsonb NOT NULL,
"had_trigram_extension" boolean NOT NULL,
"started_at" timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
"adopted_at" timestamp with time zone,
"finished_at" timestamp with time zone);
INSERT INTO "patron_adoption" ("patron_adoption_id", "phase", "modules", "had_trigram_extension") VALUES (1, 'adopting',
(SELECT coalesce(jsonb_object_agg(module, coalesce(version, '')), '{}') FROM migration WHERE module IS NOT NULL),
EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm'))
ON CONFLICT ("patron_adoption_id") DO UPDATE SET "phase" = excluded."phase", "modules" = excluded."modules""#;

/// What remains at the end of an undo: both go together, so that it can be repeated until then.
const END: &str = r#"DROP TABLE IF EXISTS "seaql_migrations";
DROP TABLE "patron_adoption""#;

/// How far the adoption of this database has come; none if it is not adopted.
pub async fn phase(db: &impl ConnectionTrait) -> Result<Option<Phase>, DbErr> {
    match row(db, PHASE).await? {
        Some(row) => Ok(Some(phase_of(&row)?)),
        None => Ok(None),
    }
}

/// The adoption of this database; none if it is not adopted, and always on SQLite.
pub async fn read(db: &impl ConnectionTrait) -> Result<Option<Adoption>, DbErr> {
    let Some(row) = row(db, ROW).await? else { return Ok(None) };
    let mut modules = BTreeMap::new();
    for module in db.query_all_raw(Statement::from_string(DbBackend::Postgres, MODULES)).await? {
        modules.insert(module.try_get_by_index(0)?, module.try_get_by_index(1)?);
    }
    Ok(Some(Adoption {
        phase: phase_of(&row)?,
        modules,
        started_at: row.try_get_by_index(1)?,
        adopted_at: row.try_get_by_index(2)?,
        finished_at: row.try_get_by_index(3)?,
    }))
}

async fn row(db: &impl ConnectionTrait, sql: &str) -> Result<Option<QueryResult>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres || !query::value::<bool>(db, EXISTS).await? {
        return Ok(None);
    }
    db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await
}

fn phase_of(row: &QueryResult) -> Result<Phase, DbErr> {
    let name: String = row.try_get_by_index(0)?;
    Phase::ALL.into_iter().find(|phase| phase.as_str() == name).ok_or_else(|| {
        let text =
            format!("a newer version of patron has adopted this database (phase {name}): run that version");
        DbErr::Migration(text)
    })
}

/// Records that the adoption has started.
pub(super) async fn start(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    retry::execute(db, START).await
}

/// Records that a phase has begun.
pub(super) async fn set(db: &impl ConnectionTrait, phase: Phase) -> Result<(), DbErr> {
    set_with(db, phase, "").await
}

/// Runs statements, and records in the same transaction that a phase has begun.
pub(super) async fn set_with(db: &impl ConnectionTrait, phase: Phase, sql: &str) -> Result<(), DbErr> {
    let time = match phase {
        Phase::Shared => r#", "adopted_at" = CURRENT_TIMESTAMP"#,
        Phase::Finished => r#", "finished_at" = CURRENT_TIMESTAMP"#,
        Phase::Adopting | Phase::Undoing => "",
    };
    let name = phase.as_str();
    retry::execute(db, &format!("{sql}\nUPDATE \"patron_adoption\" SET \"phase\" = '{name}'{time}")).await
}

/// Whether the extension for searches is older than the adoption.
pub(super) async fn had_trigram_extension(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    query::value(db, r#"SELECT "had_trigram_extension" FROM "patron_adoption""#).await
}

/// Records migrations, as the migrator does.
pub(super) async fn record(db: &impl ConnectionTrait, steps: &[Step]) -> Result<(), DbErr> {
    Migrator::install(db).await?;
    for step in steps {
        let name = step.name;
        let insert = format!(
            r#"INSERT INTO "seaql_migrations" ("version", "applied_at")
VALUES ('{name}', extract(epoch FROM CURRENT_TIMESTAMP)::bigint) ON CONFLICT DO NOTHING"#
        );
        retry::execute(db, &insert).await?;
    }
    Ok(())
}

/// Removes the last traces of an adoption.
pub(super) async fn end(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    retry::execute(db, END).await
}
