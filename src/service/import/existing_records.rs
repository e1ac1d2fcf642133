//! The stored customers that a batch refers to, and the e-mail addresses and identifiers that are used already.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::account::ImportedAccount;
use super::draft::CustomerDraft;
use super::owners::{Owners, email_taken};
use super::prepare::Batch;
use super::{ImportOutcome, Options};
use crate::db::TxResult;
use crate::entity::{customer, customer_address};
use crate::error::Problem;
use crate::service::account::addresses_of;

/// The number of identifiers that one statement searches: a statement has a limited number of parameters.
const CHUNK: usize = 5000;

/// A stored customer with its addresses, the default first.
#[derive(Debug)]
pub(super) struct StoredCustomer {
    pub(super) row: customer::Model,
    pub(super) addresses: Vec<customer_address::Model>,
}

/// The stored customers and identifiers that a batch refers to, and those that its lines add.
#[derive(Debug, Default)]
pub(super) struct ExistingRecords {
    owners: Owners,
    customers: HashMap<i32, StoredCustomer>,
    /// The customers that lines of the batch create, by e-mail key.
    created: HashMap<String, ImportedAccount>,
    /// The e-mail keys that lines of the batch assign to stored customers.
    reassigned: HashSet<String>,
    uuids: HashSet<Uuid>,
}

impl ExistingRecords {
    /// Reads the stored records. Customers that the batch may change or invite are locked, in the order of their primary keys
    /// as everywhere.
    pub(super) async fn find(tx: &impl ConnectionTrait, options: Options, batch: &Batch) -> TxResult<Self> {
        let drafts: Vec<&CustomerDraft> = batch.prepared.iter().flatten().map(|line| &line.draft).collect();
        let mut owners = Owners::find(tx, options, &drafts).await?;
        let ids = owners.ids();
        let mut customers = HashMap::with_capacity(ids.len());
        if !ids.is_empty() {
            let select = customer::Entity::find().filter(customer::Column::CustomerId.is_in(ids.clone()));
            let mut select = select.order_by_asc(customer::Column::CustomerId);
            if (options.update || options.send_invitations) && !options.dry_run {
                select = select.lock_exclusive();
            }
            let rows = select.all(tx).await?;
            if options.update {
                // Another client may have changed an e-mail address before the lock.
                owners = Owners::of_rows(&rows);
            }
            let mut addresses = addresses_of(tx, &ids).await?;
            for row in rows {
                let addresses = addresses.remove(&row.customer_id).unwrap_or_default();
                customers.insert(row.customer_id, StoredCustomer { row, addresses });
            }
        }
        let uuids = used_uuids(tx, &drafts).await?;
        Ok(Self { owners, customers, uuids, ..Self::default() })
    }

    /// The stored customer that a line is about, or why the line is refused.
    pub(super) fn owner(&self, draft: &CustomerDraft) -> Result<Option<&StoredCustomer>, Vec<Problem>> {
        Ok(self.owners.of(draft)?.and_then(|id| self.customers.get(&id)))
    }

    /// Determines the outcome of a line whose customer is not stored. A created customer is added to the known records.
    pub(super) fn create(&mut self, draft: &CustomerDraft, account: &ImportedAccount) -> ImportOutcome {
        let key = account.email_key();
        if let Some(created) = self.created.get(&key) {
            let is_same = created.matches(draft, account);
            return if is_same { ImportOutcome::Unchanged } else { ImportOutcome::Refused(email_taken()) };
        }
        if self.reassigned.contains(&key) {
            return ImportOutcome::Refused(email_taken());
        }
        let uuids = draft.uuid.iter().map(|uuid| ("uuid".to_owned(), *uuid));
        let addresses = draft.addresses.iter().flatten();
        let of_addresses = addresses
            .filter_map(|address| Some((format!("addresses.{}.uuid", address.number), address.uuid?)));
        match self.claim_uuids(uuids.chain(of_addresses)) {
            Ok(()) => {
                self.created.insert(key, account.clone());
                ImportOutcome::Created
            }
            Err(problems) => ImportOutcome::Refused(problems),
        }
    }

    /// Reserves new identifiers. Nothing is reserved if one of them is used.
    pub(super) fn claim_uuids(
        &mut self,
        uuids: impl IntoIterator<Item = (String, Uuid)>,
    ) -> Result<(), Vec<Problem>> {
        let mut new_uuids = HashSet::new();
        for (field, uuid) in uuids {
            if self.uuids.contains(&uuid) || !new_uuids.insert(uuid) {
                return Err(vec![Problem::new(field, "Uuid is already used")]);
            }
        }
        self.uuids.extend(new_uuids);
        Ok(())
    }

    /// Reserves the key of an e-mail address for a stored customer, unless another customer has it.
    pub(super) fn claim_email(&mut self, key: String) -> Result<(), Vec<Problem>> {
        let is_free = !self.created.contains_key(&key) && self.reassigned.insert(key);
        if is_free { Ok(()) } else { Err(email_taken()) }
    }
}

/// The identifiers of these lines that stored customers and addresses have.
async fn used_uuids(tx: &impl ConnectionTrait, drafts: &[&CustomerDraft]) -> TxResult<HashSet<Uuid>> {
    let mut uuids = HashSet::new();
    let customers: Vec<Uuid> = drafts.iter().filter_map(|draft| draft.uuid).collect();
    if !customers.is_empty() {
        let select = customer::Entity::find().filter(customer::Column::Uuid.is_in(customers));
        let select = select.select_only().column(customer::Column::Uuid);
        uuids.extend(select.into_tuple::<Uuid>().all(tx).await?);
    }
    let addresses = drafts.iter().flat_map(|draft| draft.addresses.iter().flatten());
    let addresses: Vec<Uuid> = addresses.filter_map(|address| address.uuid).collect();
    for chunk in addresses.chunks(CHUNK) {
        let column = customer_address::Column::Uuid;
        let select = customer_address::Entity::find().filter(column.is_in(chunk.iter().copied()));
        uuids.extend(select.select_only().column(column).into_tuple::<Uuid>().all(tx).await?);
    }
    Ok(uuids)
}
