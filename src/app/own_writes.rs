//! Where a caller reads lists: an admin that has just changed something reads from the primary, so that it sees its change
//! however far the replicas lag.
//!
//! The time of a change is a row of `admin_write`, written in the transaction of the change. The check of a token reads it
//! from the primary, so this holds across instances. Three things make the recorded time earlier than the time at which the
//! client learns of its change, each by a second at most: it is not recorded again within a second, the commit takes time
//! (if it took longer, the time is recorded again), and the clocks of two instances may differ. [`MARGIN`] is their sum.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::ctx::{Caller, Ctx};
use crate::clock::Timer;
use crate::db::{ListReader, OpenTransaction, TxResult};

/// A change within this time after a recorded one is not recorded, and a commit that takes longer is recorded again.
const RESOLUTION: TimeDelta = TimeDelta::seconds(1);

/// How much longer than `PATRON_READ_AFTER_WRITE` an admin reads from the primary.
const MARGIN: TimeDelta = TimeDelta::seconds(3);

/// Records the time `$2` of the admin `$1`, unless the recorded one is after `$3`. One after `$4` is of a wrong clock.
///
/// Not `ON CONFLICT … DO UPDATE`, which locks the row even if it changes nothing: all changes of an admin that run when a second
/// has passed would be committed one after the other. This locks it only until the first of them is committed.
const RECORD: &str = r#"
WITH "recorded" AS (
  UPDATE "admin_write" SET "written_at" = $2
  WHERE "admin_user_id" = $1 AND ("written_at" <= $3 OR "written_at" > $4)
)
INSERT INTO "admin_write" ("admin_user_id", "written_at")
SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM "admin_write" WHERE "admin_user_id" = $1)
ON CONFLICT DO NOTHING
"#;

impl Ctx {
    /// The connections for lists, searches, counts and exports: those of a replica if the caller is an admin that has not
    /// changed anything lately. Not for reads that a write relies on, nor for what decides who may do what.
    pub fn list_reader(&self) -> ListReader {
        self.app.db.list_reader_of(self.may_read_replicas().then_some(&self.app.clock))
    }

    /// Records a change that is not the last one of its request, in the transaction of the change.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn record_write(&self, tx: &OpenTransaction) -> TxResult<()> {
        OwnWrite::record(self, tx).await?;
        Ok(())
    }

    fn may_read_replicas(&self) -> bool {
        let Caller::Admin { proof, .. } = &self.caller else { return false };
        let latest = std::cmp::Ord::max(proof.session_used_at, proof.last_write_at);
        // A time in the future is of a wrong clock, and counts as recent.
        let Some(latest) = latest else { return true };
        latest + MARGIN + self.app.config.database.read_after_write <= self.app.clock.now()
    }
}

/// A change of an admin that is being committed.
#[derive(Debug)]
pub(super) struct OwnWrite {
    admin_user_id: i32,
    committing: Timer,
}

impl OwnWrite {
    /// Records the time of the change in its transaction, as its last statement. `None` if the caller never reads from replicas.
    pub(super) async fn record(ctx: &Ctx, tx: &OpenTransaction) -> TxResult<Option<Self>> {
        let (admin_user_id, last) = match &ctx.caller {
            Caller::Admin { admin_user_id, proof, .. }
            | Caller::UnenrolledAdmin { admin_user_id, proof, .. } => (*admin_user_id, proof.last_write_at),
            Caller::Anonymous | Caller::Customer { .. } | Caller::System => return Ok(None),
        };
        if !ctx.app.config.database.records_writes {
            return Ok(None);
        }
        let committing = Timer::start();
        let now = ctx.app.clock.now();
        if last.is_none_or(|last| last + RESOLUTION <= now || last > now) {
            write(ctx, tx, admin_user_id).await?;
        }
        Ok(Some(Self { admin_user_id, committing }))
    }

    /// Records the time again if the commit took long, before the client learns of its change.
    pub(super) async fn committed(self, ctx: &Ctx) {
        if self.committing.elapsed() < RESOLUTION.to_std().unwrap_or_default() {
            return;
        }
        if let Err(error) = write(ctx, ctx.app.db.writer(), self.admin_user_id).await {
            tracing::warn!(%error, "the time of a change was not recorded; a list may lack it for some seconds");
        }
    }
}

/// Records the current time, unless one of the last second is there.
async fn write(ctx: &Ctx, db: &impl ConnectionTrait, admin_user_id: i32) -> Result<(), DbErr> {
    let (clock, now) = (&ctx.app.clock, ctx.app.clock.now());
    let values: [Value; 4] =
        [admin_user_id.into(), now.into(), (now - RESOLUTION).into(), clock.latest(TimeDelta::zero()).into()];
    // Only PostgreSQL has replicas.
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, RECORD, values)).await?;
    Ok(())
}
