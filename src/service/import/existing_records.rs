//! What is stored already, and so may not be stored again.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::ImportOutcome;
use super::account::Account;
use super::prepare::{Batch, Prepared};
use crate::db::TxResult;
use crate::db::batch_loader;
use crate::entity::{customer, customer_address};
use crate::error::Problem;

/// The customers with these [keys](crate::types::EmailAddress::key), by their primary keys.
pub(super) async fn find_by_emails(
    db: &impl ConnectionTrait,
    keys: Vec<String>,
) -> TxResult<HashMap<String, i32>> {
    let owner = |key| {
        let mut owner = Query::select();
        owner
            .column(customer::Column::CustomerId)
            .from(customer::Entity)
            .and_where(customer::Column::EmailKey.into_expr().eq(key))
            .limit(1)
            .take()
    };
    let found = batch_loader::select_per_key(db, keys, owner).await?;
    Ok(found.into_iter().filter_map(|(key, id)| Some((key, id?))).collect())
}

/// The customers that the lines of a batch name, and those that it adds.
#[derive(Default)]
pub(super) struct ExistingRecords {
    by_email: HashMap<String, Account>,
    uuids: HashSet<Uuid>,
}

impl ExistingRecords {
    /// Those that are stored.
    pub(super) async fn find(tx: &impl ConnectionTrait, batch: &Batch) -> TxResult<Self> {
        let prepared = || batch.prepared.iter().flatten();
        let there = find_by_emails(tx, prepared().map(|one| one.draft.email.key()).collect()).await?;
        let ids: Vec<i32> = there.into_values().collect();
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
            (row.email_key.clone().unwrap_or_else(|| row.email.key()), Account::of_rows(row, addresses))
        };
        let by_email = rows.into_iter().map(account).collect();
        let given: Vec<Uuid> = prepared().filter_map(|one| one.draft.uuid).collect();
        let of_addresses = prepared().flat_map(|one| one.draft.addresses.iter().flatten());
        let of_addresses: Vec<Uuid> = of_addresses.filter_map(|address| address.uuid).collect();
        let mut uuids = HashSet::new();
        if !given.is_empty() {
            let select = customer::Entity::find().filter(customer::Column::Uuid.is_in(given));
            let select = select.select_only().column(customer::Column::Uuid);
            uuids.extend(select.into_tuple::<Uuid>().all(tx).await?);
        }
        for some in of_addresses.chunks(5000) {
            let column = customer_address::Column::Uuid;
            let select = customer_address::Entity::find().filter(column.is_in(some.iter().copied()));
            uuids.extend(select.select_only().column(column).into_tuple::<Uuid>().all(tx).await?);
        }
        Ok(Self { by_email, uuids })
    }

    /// What becomes of a line, which is known from now on.
    pub(super) fn classify(&mut self, prepared: &Prepared) -> ImportOutcome {
        let Prepared { draft, account, .. } = prepared;
        if let Some(stored) = self.by_email.get(&draft.email.key()) {
            return if stored.agrees(draft, account) { ImportOutcome::Unchanged } else { taken() };
        }
        let given = draft.uuid.iter().map(|uuid| ("uuid".to_owned(), *uuid));
        let addresses = draft.addresses.iter().flatten().enumerate();
        let given =
            given.chain(addresses.filter_map(|(index, address)| {
                Some((format!("addresses.{}.uuid", index + 1), address.uuid?))
            }));
        let mut own = HashSet::new();
        for (field, uuid) in given {
            if self.uuids.contains(&uuid) || !own.insert(uuid) {
                return ImportOutcome::Refused(vec![Problem::new(field, "Uuid is already used")]);
            }
        }
        self.uuids.extend(own);
        self.by_email.insert(draft.email.key(), account.clone());
        ImportOutcome::Created
    }
}

fn taken() -> ImportOutcome {
    ImportOutcome::Refused(vec![Problem::new("email", "Email is already used")])
}

/// The lines before, in a dry run: they are not in the database. Hashes of them, so that a million take 40 MB.
#[derive(Default)]
pub(super) struct Seen {
    state: RandomState,
    lines: HashMap<u64, u64>,
}

impl Seen {
    /// What becomes of a line that the database has no customer for.
    pub(super) fn classify(&mut self, Prepared { draft, account, .. }: &Prepared) -> ImportOutcome {
        let fingerprint = account.fingerprint(draft);
        match self.lines.insert(self.state.hash_one(draft.email.key()), fingerprint) {
            Some(earlier) if earlier == fingerprint => ImportOutcome::Unchanged,
            Some(_) => taken(),
            None => ImportOutcome::Created,
        }
    }
}
