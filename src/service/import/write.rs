//! Writes a prepared batch in one transaction.
//!
//! If groups, custom fields or customers have changed since the batch was prepared, it is prepared and written again,
//! up to [`ATTEMPTS`] times.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait, TryIntoModel};
use uuid::Uuid;

use super::existing_records::{EarlierLines, ExistingRecords};
use super::prepare::{Batch, Prepared, prepare};
use super::{ImportOutcome, Options};
use crate::app::ctx::{AdminCtx, Ctx};
use crate::db::TxResult;
use crate::entity::{customer, customer_address};
use crate::error::{Error, Result};
use crate::service::account::insert_metafield_values;
use crate::service::journal::{self, Change, snapshot};
use crate::transact;
use crate::types::{EventKind, PasswordHash};

/// Maximum number of attempts to write a batch, while groups, custom fields or customers change concurrently.
const ATTEMPTS: u32 = 10;
/// Maximum number of addresses per INSERT statement, because the number of its parameters is limited.
const ADDRESSES_PER_INSERT: usize = 1000;

/// A running import, which writes the batches of one file one after the other.
#[derive(Default)]
pub struct Import {
    options: Options,
    earlier_lines: EarlierLines,
}

impl Import {
    /// Creates an import that has written no batch yet.
    pub fn new(options: Options) -> Self {
        Self { options, earlier_lines: EarlierLines::default() }
    }

    /// Writes a batch and returns the outcome of each line. If it fails, nothing of the batch is written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if every attempt met a concurrent change.
    pub async fn write(&mut self, ctx: &AdminCtx, mut batch: Batch) -> Result<Vec<ImportOutcome>> {
        for _ in 0..ATTEMPTS {
            match self.attempt(ctx, &batch).await {
                Ok(Some(mut outcomes)) => {
                    if self.options.dry_run {
                        self.compare_with_earlier(&batch, &mut outcomes);
                    }
                    return Ok(outcomes);
                }
                // A customer registered with one of the addresses, or groups or custom fields have changed.
                Ok(None) | Err(Error::EmailTaken) => batch = prepare(ctx, self.options, batch.lines).await?,
                Err(error) => return Err(error),
            }
        }
        Err(Error::unavailable("groups, custom fields or customers keep changing"))
    }

    async fn attempt(&self, ctx: &Ctx, batch: &Batch) -> Result<Option<Vec<ImportOutcome>>> {
        transact!(ctx.app.db, |tx| {
            // A dry run skips this check, because the groups that it would create do not exist.
            if !self.options.dry_run && !batch.is_still_valid(tx).await? {
                return Ok(None);
            }
            let mut existing = ExistingRecords::find(tx, batch).await?;
            let mut outcomes = Vec::with_capacity(batch.prepared.len());
            let mut new = Vec::new();
            for prepared in &batch.prepared {
                let outcome = match prepared {
                    Ok(prepared) => existing.classify(prepared),
                    Err(problems) => ImportOutcome::Refused(problems.clone()),
                };
                if let (ImportOutcome::Created, Ok(prepared)) = (&outcome, prepared) {
                    // The customer existed when the batch was prepared and was deleted since then.
                    let Some(hash) = &prepared.hash else { return Ok(None) };
                    new.push((prepared, hash));
                }
                outcomes.push(outcome);
            }
            if !self.options.dry_run {
                insert(ctx, tx, &new).await?;
            }
            Ok(Some(outcomes))
        })
    }

    fn compare_with_earlier(&mut self, batch: &Batch, outcomes: &mut [ImportOutcome]) {
        for (prepared, outcome) in batch.prepared.iter().zip(outcomes) {
            if let (Ok(prepared), ImportOutcome::Created) = (prepared, &outcome) {
                *outcome = self.earlier_lines.classify(prepared);
            }
        }
    }
}

async fn insert(ctx: &Ctx, tx: &impl ConnectionTrait, new: &[(&Prepared, &PasswordHash)]) -> TxResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    // A file may restore a deleted customer, whose journal then continues. An identifier that the file does not give is
    // new, so it has no journal.
    let last_sequences =
        journal::last_sequences(tx, new.iter().filter_map(|(prepared, _)| prepared.draft.uuid)).await?;
    let rows: Vec<customer::ActiveModel> = new
        .iter()
        .map(|(Prepared { account, .. }, hash)| {
            let mut row = account.row((*hash).clone());
            let last_number = last_sequences.get(&account.uuid).copied().unwrap_or_default();
            row.event_sequence = Set(last_number + 1 + account.addresses.len() as i64);
            row
        })
        .collect();
    let mut insert = customer::Entity::insert_many(rows.iter().cloned()).into_query();
    insert.returning(Query::returning().columns([customer::Column::CustomerId, customer::Column::Uuid]));
    let mut ids: HashMap<Uuid, i32> = HashMap::with_capacity(new.len());
    for row in tx.query_all(&insert).await? {
        ids.insert(row.try_get("", "uuid")?, row.try_get("", "customer_id")?);
    }
    let mut customers: Vec<(customer::Model, i64)> = Vec::with_capacity(new.len());
    let mut addresses = Vec::new();
    let mut owners = HashMap::new();
    for ((Prepared { account, .. }, _), mut row) in new.iter().zip(rows) {
        let id = *ids
            .get(&account.uuid)
            .ok_or_else(|| Error::internal("an inserted customer has no primary key"))?;
        row.customer_id = Set(id);
        let number = last_sequences.get(&account.uuid).copied().unwrap_or_default() + 1;
        owners.insert(id, (account.uuid, number));
        customers.push((row.try_into_model()?, number));
        addresses.extend(account.address_rows(id));
    }
    let meta_data: Vec<_> = customers.iter().map(|(row, _)| (row.customer_id, &row.meta_data)).collect();
    insert_metafield_values(tx, &meta_data).await?;
    let mut inserted = Vec::with_capacity(addresses.len());
    for chunk in addresses.chunks(ADDRESSES_PER_INSERT) {
        inserted.extend(customer_address::Entity::insert_many(chunk.to_vec()).exec_with_returning(tx).await?);
    }
    let customers = customers.iter().map(|(row, number)| {
        let created = Change::created(EventKind::CustomerCreated, row.uuid, snapshot::customer(row));
        (row.uuid, *number, created)
    });
    let addresses = inserted.iter().filter_map(|row| {
        let (owner, last) = owners.get_mut(&row.customer_id)?;
        *last += 1;
        let created = Change::created(EventKind::AddressCreated, row.uuid, snapshot::address(row));
        Some((*owner, *last, created))
    });
    journal::append_batch(ctx, tx, customers.chain(addresses)).await
}
