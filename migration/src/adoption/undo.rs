//! Takes an adoption back.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

use super::change::Stage;
use super::run::{self, Steps};
use super::{Phase, Report, detect, guards, plan, retry, session, state};
use crate::history::code;

/// The steps, as they are reported.
const NAMES: [&str; 3] = ["indexes and constraints", "guards", "tables and columns"];

/// Undoes an adoption in any phase, or continues an undo that was interrupted. Afterwards the schema is the shop's as it was,
/// and nothing of patron is left. The caller has the [lock](super::lock()), and no patron runs.
pub async fn undo(db: &DatabaseConnection, report: Report<'_>) -> Result<(), DbErr> {
    detect::ensure_shop(db).await?;
    let session = session::open(db).await?;
    let undone = take_back(&session, report).await;
    undone.and(session.close().await)
}

async fn take_back(db: &impl ConnectionTrait, report: Report<'_>) -> Result<(), DbErr> {
    if state::phase(db).await?.is_none() {
        let text = "this database is not adopted: there is nothing to undo";
        return Err(DbErr::Migration(text.to_owned()));
    }
    let had_extension = state::had_trigram_extension(db).await?;
    state::set(db, Phase::Undoing).await?;
    let changes = plan::undo();
    let mut steps = Steps::new(report, &NAMES);
    // Before the guards, which fill in what the shop omits.
    run::stage(db, &changes, Stage::Relax, &mut steps).await?;
    let mut statements = guards::drop();
    statements.extend(guards::restore_event_triggers());
    run::batches(db, &statements, &mut steps).await?;
    run::stage(db, &changes, Stage::Schema, &mut steps).await?;
    if !had_extension {
        drop_extension(db).await?;
    }
    state::end(db).await
}

/// Drops the extension for searches, unless another program uses it now.
async fn drop_extension(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    match retry::execute(db, "DROP EXTENSION IF EXISTS pg_trgm").await {
        // dependent_objects_still_exist, insufficient_privilege.
        Err(error) if matches!(code(&error).as_deref(), Some("2BP01" | "42501")) => Ok(()),
        dropped => dropped,
    }
}
