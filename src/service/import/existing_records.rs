//! The customers and identifiers that exist already, and the outcome of a line that results from them.
//!
//! A line whose customer exists with the same data is unchanged. A line whose e-mail address or identifier is used by
//! other data is refused. A dry run also compares lines with earlier lines of the file, because these are not in the
//! database.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::ImportOutcome;
use super::account::ImportedAccount;
use super::by_email::find_by_emails;
use super::prepare::{Batch, Prepared};
use crate::db::TxResult;
use crate::entity::{customer, customer_address};
use crate::error::Problem;

/// The stored customers and identifiers that a batch refers to, and those that its lines add.
#[derive(Default)]
pub(super) struct ExistingRecords {
    by_email: HashMap<String, ImportedAccount>,
    uuids: HashSet<Uuid>,
}

impl ExistingRecords {
    /// Reads the stored records.
    pub(super) async fn find(tx: &impl ConnectionTrait, batch: &Batch) -> TxResult<Self> {
        let prepared = || batch.prepared.iter().flatten();
        let existing = find_by_emails(tx, prepared().map(|line| line.draft.email.key()).collect()).await?;
        let ids: Vec<i32> = existing.into_values().collect();
        let mut rows = Vec::new();
        let mut addresses: HashMap<i32, Vec<_>> = HashMap::new();
        if !ids.is_empty() {
            for row in customer_address::Entity::find_by_customers(&ids).all(tx).await? {
                addresses.entry(row.customer_id).or_default().push(row);
            }
            rows = customer::Entity::find().filter(customer::Column::CustomerId.is_in(ids)).all(tx).await?;
        }
        let account = |row: customer::Model| {
            let addresses = addresses.remove(&row.customer_id).unwrap_or_default();
            (
                row.email_key.clone().unwrap_or_else(|| row.email.key()),
                ImportedAccount::from_rows(row, addresses),
            )
        };
        let by_email = rows.into_iter().map(account).collect();
        let customer_uuids: Vec<Uuid> = prepared().filter_map(|line| line.draft.uuid).collect();
        let address_uuids = prepared().flat_map(|line| line.draft.addresses.iter().flatten());
        let address_uuids: Vec<Uuid> = address_uuids.filter_map(|address| address.uuid).collect();
        let mut uuids = HashSet::new();
        if !customer_uuids.is_empty() {
            let select = customer::Entity::find().filter(customer::Column::Uuid.is_in(customer_uuids));
            let select = select.select_only().column(customer::Column::Uuid);
            uuids.extend(select.into_tuple::<Uuid>().all(tx).await?);
        }
        for chunk in address_uuids.chunks(5000) {
            let column = customer_address::Column::Uuid;
            let select = customer_address::Entity::find().filter(column.is_in(chunk.iter().copied()));
            uuids.extend(select.select_only().column(column).into_tuple::<Uuid>().all(tx).await?);
        }
        Ok(Self { by_email, uuids })
    }

    /// Determines the outcome of a line. A created customer is added to the known records.
    pub(super) fn classify(&mut self, prepared: &Prepared) -> ImportOutcome {
        let Prepared { draft, account, .. } = prepared;
        if let Some(stored) = self.by_email.get(&draft.email.key()) {
            return if stored.matches(draft, account) { ImportOutcome::Unchanged } else { email_taken() };
        }
        let uuids = draft.uuid.iter().map(|uuid| ("uuid".to_owned(), *uuid));
        let addresses = draft.addresses.iter().flatten().enumerate();
        let uuids =
            uuids.chain(addresses.filter_map(|(index, address)| {
                Some((format!("addresses.{}.uuid", index + 1), address.uuid?))
            }));
        let mut new_uuids = HashSet::new();
        for (field, uuid) in uuids {
            if self.uuids.contains(&uuid) || !new_uuids.insert(uuid) {
                return ImportOutcome::Refused(vec![Problem::new(field, "Uuid is already used")]);
            }
        }
        self.uuids.extend(new_uuids);
        self.by_email.insert(draft.email.key(), account.clone());
        ImportOutcome::Created
    }
}

fn email_taken() -> ImportOutcome {
    ImportOutcome::Refused(vec![Problem::new("email", "Email is already used")])
}

/// The earlier lines of a dry run, which are not in the database. It stores only hashes (fingerprint by e-mail key), so
/// that a million lines take 40 MB.
#[derive(Default)]
pub(super) struct EarlierLines {
    hasher: RandomState,
    fingerprints: HashMap<u64, u64>,
}

impl EarlierLines {
    /// Determines the outcome of a line whose customer is not in the database.
    pub(super) fn classify(&mut self, Prepared { draft, account, .. }: &Prepared) -> ImportOutcome {
        let fingerprint = account.fingerprint(draft);
        match self.fingerprints.insert(self.hasher.hash_one(draft.email.key()), fingerprint) {
            Some(earlier) if earlier == fingerprint => ImportOutcome::Unchanged,
            Some(_) => email_taken(),
            None => ImportOutcome::Created,
        }
    }
}
