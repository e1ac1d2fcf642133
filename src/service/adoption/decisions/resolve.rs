//! Applies decisions to the shop's rows, in small transactions.

use std::io;

use sea_orm::{ConnectionTrait, TransactionTrait};

use super::model::Decisions;
use super::statements::DecisionRow;
use crate::error::{Error, Result};
use crate::service::adoption::session::AdoptionSession;

/// The number of decisions per transaction, so that the shop does not wait long for a locked row.
const BATCH: usize = 100;

/// What was done with the decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppliedDecisions {
    /// Rows that have the value of their decision, including those that an interrupted run changed.
    pub changed: u64,
    /// Rows that were to stay as they are.
    pub kept: u64,
}

/// Applies decisions. Each is checked against the row as it is now. `record` stores the TOML of the decisions of a batch
/// after it is committed.
///
/// It can be repeated: a row that was changed before stays as it is, and is recorded again.
///
/// # Errors
/// [`Error::Invalid`] if a row differs from what its decision expects, or the new value is taken. The batches before it
/// stay applied, and are recorded. [`Error::Conflict`] if a batch can't be recorded.
pub async fn resolve(
    session: &AdoptionSession,
    decisions: &Decisions,
    record: &mut (dyn FnMut(&str) -> io::Result<()> + Send),
) -> Result<AppliedDecisions> {
    let mut resolved = AppliedDecisions::default();
    let rows: Vec<DecisionRow<'_>> = rows(decisions).collect();
    for batch in rows.chunks(BATCH) {
        let transaction = session.connection().begin().await?;
        transaction.execute_unprepared("SET LOCAL lock_timeout = '5s'").await?;
        for row in batch {
            row.apply(&transaction).await?;
        }
        transaction.commit().await?;
        let changes = batch.iter().filter(|row| row.is_change());
        let text: Vec<String> = changes.map(|row| row.toml()).collect();
        resolved.changed += text.len() as u64;
        resolved.kept += (batch.len() - text.len()) as u64;
        if !text.is_empty() {
            record(&text.join("\n")).map_err(|error| {
                Error::conflict(format!("decisions were applied and could not be recorded: {error}"))
            })?;
        }
    }
    Ok(resolved)
}

fn rows(decisions: &Decisions) -> impl Iterator<Item = DecisionRow<'_>> {
    let customers = decisions.customer.iter().map(DecisionRow::Customer);
    let admins = decisions.admin.iter().map(DecisionRow::Admin);
    let groups = decisions.group.iter().map(DecisionRow::Group);
    let defaults = decisions.default_address.iter().map(DecisionRow::DefaultAddress);
    customers.chain(admins).chain(groups).chain(defaults)
}
