//! Adopts a database.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

use super::run::{FORWARD, Steps};
use super::{Phase, Report, concurrently, detect, plan, run, session, state};
use crate::{STEPS, search_index};

/// Adopts the shop's database, or continues an adoption that was interrupted, or turns an interrupted undo back. Afterwards
/// the phase is [`Phase::Shared`]. The caller has the [lock](super::lock()). Does nothing if the database is shared already.
///
/// The program still has to compute the keys of some e-mail addresses, and texts for searches.
pub async fn apply(db: &DatabaseConnection, report: Report<'_>) -> Result<(), DbErr> {
    detect::ensure_shop(db).await?;
    let session = session::open(db).await?;
    let applied = adopt(&session, report).await;
    applied.and(session.close().await)
}

async fn adopt(db: &impl ConnectionTrait, report: Report<'_>) -> Result<(), DbErr> {
    match state::phase(db).await? {
        None | Some(Phase::Adopting | Phase::Undoing) => {}
        Some(Phase::Shared) => return Ok(()),
        Some(Phase::Finished) => {
            let text = "the adoption of this database is finished: there is nothing left to adopt";
            return Err(DbErr::Migration(text.to_owned()));
        }
    }
    state::start(db).await?;
    let mut steps = Steps::new(report, &FORWARD);
    run::forward(db, &plan::adoption(), true, &mut steps).await?;
    index_searches(db).await?;
    state::record(db, &STEPS).await?;
    state::set(db, Phase::Shared).await
}

/// Creates the index of searches, if the server and the role allow it.
pub(super) async fn index_searches(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let created = match search_index::statement(db).await {
        Ok(Some(sql)) => concurrently::create(db, search_index::NAME, &sql).await,
        other => other.map(|_| ()),
    };
    match created {
        Err(error) if search_index::is_impossible(&error) => Ok(()),
        created => created,
    }
}
