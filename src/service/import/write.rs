//! Writes a prepared batch in one transaction.
//!
//! If groups, custom fields or customers have changed since the batch was prepared, it is prepared and written again,
//! up to [`ATTEMPTS`] times.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use sea_orm::ConnectionTrait;

use super::earlier_lines::{EarlierLines, SeenCustomers};
use super::existing_records::ExistingRecords;
use super::insert::insert;
use super::plan::{BatchPlan, Planner};
use super::prepare::{Batch, prepare};
use super::turn::{BatchProgress, Turn, Turns};
use super::{ImportOutcome, Options};
use crate::app::ctx::{AdminCtx, Ctx};
use crate::db::TxResult;
use crate::error::{Error, Result};
use crate::service::{login_attempts, mail};
use crate::transact;
use crate::types::Audience;

/// Maximum number of attempts to write a batch, while groups, custom fields or customers change concurrently.
const ATTEMPTS: u32 = 10;
/// Maximum number of batches that are written at the same time. More of them would compete for the processors.
const CONCURRENT_BATCHES: usize = 2;
/// Number of database connections from which on batches are written at the same time: the next ones are prepared on others.
const ENOUGH_CONNECTIONS: u32 = 4;

/// A running import, which writes the batches of one file.
#[derive(Default)]
pub struct Import {
    options: Options,
    state: Mutex<ImportState>,
}

/// What an import remembers of the batches that it has written.
#[derive(Default)]
struct ImportState {
    earlier_lines: EarlierLines,
    seen: SeenCustomers,
    invited: u64,
}

/// What was written of a batch.
struct WrittenBatch {
    outcomes: Vec<ImportOutcome>,
    seen: HashSet<u64>,
    invited: u64,
}

impl Import {
    /// Creates an import that has written no batch yet.
    pub fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// The number of customers that were sent an invitation; in a dry run, that would be sent one.
    pub fn invited(&self) -> u64 {
        self.state.lock().invited
    }

    /// The number of batches that may be written at the same time, if their [`names`](Batch::names) are disjoint. It is one if the
    /// outcome of a line depends on earlier lines in another way, and on SQLite, which has one writer.
    pub fn concurrent_batches(&self, ctx: &AdminCtx) -> usize {
        let Options { dry_run, update, send_invitations, .. } = self.options;
        let is_independent = !(dry_run || update || send_invitations);
        let has_connections = ctx.app.config.database.max_connections >= ENOUGH_CONNECTIONS;
        if is_independent && has_connections && !ctx.app.db.is_embedded() { CONCURRENT_BATCHES } else { 1 }
    }

    /// Writes a batch while no other batch is written, and returns the outcome of each line. If it fails, nothing of the batch
    /// is written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if every attempt met a concurrent change.
    pub async fn write(&self, ctx: &AdminCtx, batch: Batch) -> Result<Vec<ImportOutcome>> {
        self.write_in_turn(ctx, batch, &Turns::default().next_turn()).await
    }

    /// As [`write`](Self::write), beside other batches with which it has no [`names`](Batch::names) in common.
    ///
    /// # Errors
    /// [`Error::Unavailable`] also if the batch before was not written.
    pub async fn write_in_turn(
        &self,
        ctx: &AdminCtx,
        mut batch: Batch,
        turn: &Turn,
    ) -> Result<Vec<ImportOutcome>> {
        for _ in 0..ATTEMPTS {
            match self.attempt(ctx, &batch, turn).await {
                Ok(Some(WrittenBatch { mut outcomes, seen, invited })) => {
                    turn.record(BatchProgress::Committed);
                    if self.options.dry_run && !self.options.update {
                        self.compare_with_earlier(&batch, &mut outcomes);
                    }
                    let mut state = self.state.lock();
                    state.seen.extend(seen);
                    state.invited += invited;
                    return Ok(outcomes);
                }
                // A customer registered with one of the addresses, groups or custom fields have changed, or the batch before
                // took too long.
                Ok(None) | Err(Error::EmailTaken | Error::Outdated) => {
                    turn.previous_committed().await?;
                    batch = prepare(ctx, self.options, batch.lines).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::unavailable("groups, custom fields or customers keep changing"))
    }

    /// `None` if the batch has to be prepared again. Lock order: failed logins, groups, customers, custom fields, as in a change
    /// over REST. A dry run locks and checks nothing, also because the groups that it would create do not exist.
    async fn attempt(&self, ctx: &Ctx, batch: &Batch, turn: &Turn) -> Result<Option<WrittenBatch>> {
        let is_real = !self.options.dry_run;
        transact!(ctx.app.db, |tx| {
            if is_real {
                reset_failed_logins(tx, batch).await?;
                if !batch.groups_exist(tx).await? {
                    return Ok(None);
                }
            }
            let existing = ExistingRecords::find(tx, self.options, batch).await?;
            if is_real && !batch.has_current_definitions(tx).await? {
                return Ok(None);
            }
            let Some(plan) = self.plan(batch, existing) else { return Ok(None) };
            let invited = self.execute(ctx, tx, &plan, turn).await?;
            turn.after_previous(BatchProgress::Committed).await?;
            let BatchPlan { outcomes, seen, .. } = plan;
            Ok(Some(WrittenBatch { outcomes, seen, invited }))
        })
    }

    /// Decides what the batch writes. `None` if the customers have changed since it was prepared.
    fn plan<'a>(&self, batch: &'a Batch, existing: ExistingRecords) -> Option<BatchPlan<'a>> {
        let state = self.state.lock();
        let planner = Planner { options: self.options, definitions: batch.definitions(), seen: &state.seen };
        planner.plan(batch, existing)
    }

    /// Writes what was planned. Returns the number of invited customers.
    async fn execute(
        &self,
        ctx: &Ctx,
        tx: &impl ConnectionTrait,
        plan: &BatchPlan<'_>,
        turn: &Turn,
    ) -> TxResult<u64> {
        let mut ids = HashMap::new();
        if !self.options.dry_run {
            let is_last = plan.updated.is_empty() && !self.options.send_invitations;
            ids = insert(ctx, tx, &plan.created, turn, is_last).await?;
            for update in &plan.updated {
                update.write(ctx, tx).await?;
            }
        }
        if !self.options.send_invitations {
            return Ok(0);
        }
        let mut invited = mail::without_recent_invitation(ctx, tx, plan.invited.clone()).await?;
        let new = plan.created.iter().filter(|created| created.is_invited());
        if self.options.dry_run {
            return Ok((invited.len() + new.count()) as u64);
        }
        invited.extend(new.filter_map(|created| ids.get(&created.account.uuid)));
        mail::invite(ctx, tx, &invited).await?;
        Ok(invited.len() as u64)
    }

    fn compare_with_earlier(&self, batch: &Batch, outcomes: &mut [ImportOutcome]) {
        let mut state = self.state.lock();
        for (prepared, outcome) in batch.prepared.iter().zip(outcomes) {
            if let (Ok(prepared), ImportOutcome::Created) = (prepared, &outcome)
                && let Some(account) = &prepared.account
            {
                *outcome = state.earlier_lines.classify(&prepared.draft, account);
            }
        }
    }
}

/// Resets the failed logins of the customers that get another password.
async fn reset_failed_logins(tx: &impl ConnectionTrait, batch: &Batch) -> TxResult<()> {
    let prepared = batch.prepared.iter().flatten();
    let emails: Vec<String> = prepared.filter_map(|prepared| prepared.new_password_of.clone()).collect();
    if emails.is_empty() {
        return Ok(());
    }
    login_attempts::reset_failures_of(tx, Audience::Customer, emails).await
}
