//! Ends the time in which the shop writes customers.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

use super::fill::{self, Walk};
use super::run::{self, Steps};
use super::{Phase, Report, detect, guards, query, session, state};

/// The steps, as they are reported.
const NAMES: [&str; 2] = ["guards and triggers", "queued events"];

/// The shop's events that contain whole customers.
const CUSTOMER_EVENTS: &str = "\"name\" IN ('customer_created', 'customer_updated', 'customer_deleted', 'customer_registered', \
    'account_created')";

/// Whether there are changes of the shop that the caller has not recorded, and not given up.
const QUEUED: &str = "SELECT EXISTS (SELECT FROM shop_change WHERE failed_at IS NULL)";

/// Removes the guards, the shop's triggers for events of customers, and its queued events of customers. Afterwards the phase
/// is [`Phase::Finished`]. The caller has the [lock](super::lock()), and has recorded the shop's last changes. Can be
/// repeated.
pub async fn finish(db: &DatabaseConnection, report: Report<'_>) -> Result<(), DbErr> {
    detect::ensure_shop(db).await?;
    let session = session::open(db).await?;
    let finished = end_sharing(&session, report).await;
    finished.and(session.close().await)
}

async fn end_sharing(db: &impl ConnectionTrait, report: Report<'_>) -> Result<(), DbErr> {
    let phase = state::phase(db).await?;
    if !matches!(phase, Some(Phase::Shared | Phase::Finished)) {
        let text = "this database is not adopted completely: run `patron adopt` first";
        return Err(DbErr::Migration(text.to_owned()));
    }
    let mut steps = Steps::new(report, &NAMES);
    let mut statements = guards::drop_triggers();
    statements.extend(guards::remove_event_triggers());
    run::batches(db, &statements, &mut steps).await?;
    let events = Walk {
        table: "event",
        key: "event_id",
        statement: "DELETE FROM \"event\"".to_owned(),
        condition: CUSTOMER_EVENTS,
    };
    fill::walk(db, &[events], &mut steps).await?;
    if phase == Some(Phase::Shared) {
        // The shop has written after the caller recorded its last changes, and before the guards were gone.
        if query::value(db, QUEUED).await? {
            let text = "EverShop has changed customers until now: run `patron adopt --finish` again, which records these changes";
            return Err(DbErr::Migration(text.to_owned()));
        }
        // Together, so that a running patron that misses the queue learns why.
        state::set_with(db, Phase::Finished, guards::DROP_QUEUE).await
    } else {
        Ok(())
    }
}
