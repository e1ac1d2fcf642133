//! Runs the pending migrations of an adopted database.

use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr};

use super::run::{FORWARD, Steps};
use super::{Phase, Progress, apply, lock, plan, run, session, state};
use crate::{STEPS, Step, history};

/// Runs the pending migrations while the shop writes, and creates the guards again, because a new release may have others.
/// Waits while another program does the same.
pub(crate) async fn upgrade(db: &DatabaseConnection) -> Result<(), DbErr> {
    let lock = lock::wait(db).await?;
    let session = session::open(db).await?;
    let upgraded = run_pending(&session).await;
    upgraded.and(session.close().await).and(lock.release().await)
}

async fn run_pending(db: &DatabaseConnection) -> Result<(), DbErr> {
    let is_guarded = match state::phase(db).await? {
        Some(Phase::Shared) => true,
        Some(Phase::Finished) => false,
        None | Some(Phase::Adopting | Phase::Undoing) => {
            let text =
                "the adoption of this database is not complete: run `patron adopt`, or `patron adopt --undo`";
            return Err(DbErr::Migration(text.to_owned()));
        }
    };
    let pending = history::pending(db).await?;
    let pending: Vec<Step> = STEPS.into_iter().filter(|step| pending.contains(&step.name)).collect();
    let mut ignore = |_: Progress| {};
    let mut steps = Steps::new(&mut ignore, &FORWARD);
    run::forward(db, &plan::upgrade(&pending), is_guarded, &mut steps).await?;
    apply::index_searches(db).await?;
    state::record(db, &pending).await
}
