//! Changes the addresses of a customer as a line of an import file says.
//!
//! An address with a uuid changes the stored address with that uuid, or creates it. Without uuids, an address of the file is
//! the stored one with the same texts or, if there is none, the one at its position: the default first, then the oldest, as
//! in an export. If that is another address of the file, or does not exist, it is created. So a repeated line finds the
//! addresses that it has written. Stored addresses that the line does not have stay as they are.

use std::collections::HashSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait};
use uuid::Uuid;

use super::input::{AddressDraft, AddressInput};
use super::{MAX_ADDRESSES, next_version_of, update_entry};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer_address::{ActiveModel, Model};
use crate::error::{Error, Problem, Result};
use crate::service::account::refresh_search_text;
use crate::service::input::patch::{Field, Problems};
use crate::service::journal::{self, Change, snapshot};
use crate::types::EventKind;

/// An address of a file.
#[derive(Clone, Debug)]
pub(in crate::service) struct GivenAddress {
    /// Its position in the file, from 1.
    pub(in crate::service) number: usize,
    pub(in crate::service) uuid: Option<Uuid>,
    pub(in crate::service) input: AddressInput,
}

impl GivenAddress {
    /// The address with the name of its customer, if it has none.
    pub(in crate::service) fn named(mut self, full_name: Option<&str>) -> Self {
        if matches!(self.input.full_name, Field::Absent | Field::Null)
            && let Some(full_name) = full_name
        {
            self.input.full_name = Field::Value(full_name.into());
        }
        self
    }

    /// Validates it as a new address.
    fn draft(&self, full_name: &str) -> Result<AddressDraft> {
        self.clone().named(Some(full_name)).input.merge(AddressDraft::default())
    }

    /// Whether it says if it is the default.
    fn has_default(&self) -> bool {
        !matches!(self.input.is_default, Field::Absent | Field::Null)
    }

    fn field(&self, name: &str) -> String {
        format!("addresses.{}.{name}", self.number)
    }
}

/// The changes of a customer's addresses.
#[derive(Debug, Default)]
pub(in crate::service) struct AddressPlan {
    changed: Vec<(Model, AddressDraft)>,
    created: Vec<(GivenAddress, AddressDraft)>,
    fields: Vec<String>,
}

impl AddressPlan {
    /// Compares the addresses of a line with the stored ones. `full_name`: the name of the customer.
    pub(in crate::service) fn new(
        stored: &[Model],
        given: &[GivenAddress],
        full_name: &str,
    ) -> std::result::Result<Self, Vec<Problem>> {
        let with_uuid = given.iter().filter(|address| address.uuid.is_some()).count();
        if with_uuid > 0 && with_uuid < given.len() {
            return Err(vec![Problem::new("addresses", "Give every address of the line a uuid, or none")]);
        }
        let before: Vec<AddressDraft> = stored.iter().cloned().map(AddressDraft::from).collect();
        let found = find_stored(stored, &before, given, full_name);
        let (mut problems, mut plan) = (Problems::default(), Self::default());
        let after = plan.merge(&before, given, &found, full_name, &mut problems);
        if stored.len() as u64 + plan.created.len() as u64 > MAX_ADDRESSES {
            problems.add("addresses", format!("A customer has at most {MAX_ADDRESSES} addresses"));
        }
        match problems.finish() {
            Err(Error::Invalid(problems)) => return Err(problems),
            Err(error) => return Err(vec![Problem::new("addresses", error.to_string())]),
            Ok(()) => {}
        }
        plan.compare(stored, &before, after, given.iter().zip(found));
        Ok(plan)
    }

    /// Merges the given addresses into the stored ones and validates the results. Returns the stored ones after the change.
    fn merge(
        &mut self,
        before: &[AddressDraft],
        given: &[GivenAddress],
        found: &[Option<usize>],
        full_name: &str,
        problems: &mut Problems,
    ) -> Vec<AddressDraft> {
        let mut after = before.to_vec();
        let (mut used, mut defaults) = (HashSet::new(), Vec::new());
        for (address, index) in given.iter().zip(found) {
            let merged = match *index {
                // It may be older than today's rules, which judge changes.
                Some(index) if address.input.changes_nothing(&before[index]) => Ok(before[index].clone()),
                Some(index) => address.input.clone().merge(before[index].clone()),
                None => address.draft(full_name),
            };
            let draft = match merged {
                Ok(draft) => draft,
                Err(error) => {
                    report(address, error, problems);
                    continue;
                }
            };
            let is_new_default = draft.is_default && index.is_none_or(|index| !before[index].is_default);
            if is_new_default && is_ambiguous(address, full_name) {
                let message = "Give the uuid of the address, or all of its fields, to make it the default";
                problems.add(&address.field("is_default"), message);
            }
            if draft.is_default && address.has_default() {
                defaults.push(*index);
            }
            match *index {
                Some(index) if used.insert(index) => after[index] = draft,
                Some(_) => problems.add(&address.field("uuid"), "Uuid is already used"),
                None => self.created.push((address.clone(), draft)),
            }
        }
        match defaults.as_slice() {
            [] => {}
            [default] => {
                for (index, draft) in after.iter_mut().enumerate() {
                    draft.is_default &= Some(index) == *default;
                }
            }
            _ => problems.add("addresses", "Only one address can be the default"),
        }
        after
    }

    /// Collects the changed addresses, and the names of the fields.
    fn compare<'a>(
        &mut self,
        stored: &[Model],
        before: &[AddressDraft],
        after: Vec<AddressDraft>,
        given: impl Iterator<Item = (&'a GivenAddress, Option<usize>)>,
    ) {
        for (address, index) in given {
            match index {
                Some(index) => {
                    let names = after[index].changed_fields(&before[index]);
                    self.fields.extend(names.into_iter().map(|name| address.field(name)));
                }
                None => self.fields.push(format!("addresses.{}", address.number)),
            }
        }
        let pairs = stored.iter().zip(before).zip(after);
        let changed = pairs.filter(|((_, before), after)| **before != *after);
        self.changed = changed.map(|((row, _), after)| (row.clone(), after)).collect();
        // At most one address is the default at any time, so the previous one is written first.
        self.changed.sort_by_key(|(_, draft)| draft.is_default);
    }

    /// The names of the fields that change, such as `addresses.1.city`; of a new address only its own.
    pub(in crate::service) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The uuids of new addresses that the file gives, with the names of their fields.
    pub(in crate::service) fn new_uuids(&self) -> impl Iterator<Item = (String, Uuid)> {
        self.created.iter().filter_map(|(address, _)| Some((address.field("uuid"), address.uuid?)))
    }

    /// Writes the changes, with their journal entries. The customer is locked.
    pub(in crate::service) async fn write(
        &self,
        ctx: &Ctx,
        tx: &impl ConnectionTrait,
        customer_id: i32,
    ) -> TxResult<()> {
        if self.changed.is_empty() && self.created.is_empty() {
            return Ok(());
        }
        let mut changes = Vec::new();
        for (current, draft) in &self.changed {
            let mut row = next_version_of(ctx, current.clone());
            draft.clone().fill(&mut row);
            changes.push(update_entry(current, &row.update(tx).await?));
        }
        let now = ctx.app.clock.now();
        for (address, draft) in &self.created {
            let mut row = ActiveModel {
                uuid: Set(address.uuid.unwrap_or_else(|| ctx.app.random.uuid())),
                customer_id: Set(customer_id),
                created_at: Set(now),
                updated_at: Set(now),
                version: Set(1),
                ..Default::default()
            };
            draft.clone().fill(&mut row);
            let created = row.insert(tx).await?;
            let data = snapshot::address(&created);
            changes.push(Change::created(EventKind::AddressCreated, created.uuid, data));
        }
        refresh_search_text(tx, customer_id).await?;
        journal::append_numbered(ctx, tx, customer_id, changes).await
    }
}

/// Finds the stored address of each given one, by its position in `stored`.
fn find_stored(
    stored: &[Model],
    before: &[AddressDraft],
    given: &[GivenAddress],
    full_name: &str,
) -> Vec<Option<usize>> {
    let mut is_free = vec![true; stored.len()];
    let mut found = vec![None; given.len()];
    for (address, found) in given.iter().zip(&mut found) {
        *found = match address.uuid {
            Some(uuid) => stored.iter().position(|row| row.uuid == uuid),
            // A part of an address may occur in several addresses.
            None => address.draft(full_name).ok().and_then(|draft| {
                let is_same = |index: &usize| address.input.is_found_in(&draft, &before[*index]);
                (0..before.len()).find(|index| is_free[*index] && is_same(index))
            }),
        };
        if let Some(index) = *found {
            is_free[index] = false;
        }
    }
    for (address, found) in given.iter().zip(&mut found) {
        let index = address.number - 1;
        if found.is_none() && address.uuid.is_none() && is_free.get(index) == Some(&true) {
            is_free[index] = false;
            *found = Some(index);
        }
    }
    found
}

/// Whether only its position says which address it is. A new default becomes the first address, so a repeated line would then
/// mean another one.
fn is_ambiguous(address: &GivenAddress, full_name: &str) -> bool {
    address.uuid.is_none() && address.number > 1 && address.draft(full_name).is_err()
}

fn report(address: &GivenAddress, error: Error, problems: &mut Problems) {
    match error {
        Error::Invalid(invalid) => {
            for problem in invalid {
                problems.add(&address.field(&problem.field), problem.message);
            }
        }
        other => problems.add(&format!("addresses.{}", address.number), other.to_string()),
    }
}
