//! Decides, line by line, what a batch writes.
//!
//! A line whose customer exists with the same data is unchanged. A line whose e-mail address or identifier is used by other
//! data is refused. In an update, a line changes its customer.

use std::collections::HashSet;

use super::account::ImportedAccount;
use super::earlier_lines::SeenCustomers;
use super::existing_records::{ExistingRecords, StoredCustomer};
use super::new_password::NewPassword;
use super::owners::email_taken;
use super::prepare::{Batch, Prepared};
use super::update::CustomerUpdate;
use super::{ImportOutcome, Options};
use crate::entity::metafield_definition::Model as Definition;
use crate::error::Problem;
use crate::types::PasswordHash;

/// A customer to create.
#[derive(Debug)]
pub(super) struct CreatedCustomer<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) account: &'a ImportedAccount,
    pub(super) hash: &'a PasswordHash,
}

impl CreatedCustomer<'_> {
    /// Whether the customer can be invited: it is enabled and has no password.
    pub(super) fn is_invited(&self) -> bool {
        self.account.is_enabled() && self.prepared.draft.secret.is_none()
    }
}

/// What a batch writes, and the outcome of each of its lines.
#[derive(Debug, Default)]
pub(super) struct BatchPlan<'a> {
    pub(super) outcomes: Vec<ImportOutcome>,
    pub(super) created: Vec<CreatedCustomer<'a>>,
    pub(super) updated: Vec<CustomerUpdate>,
    /// The primary keys of stored customers that can be invited.
    pub(super) invited: Vec<i32>,
    /// The keys of [`SeenCustomers`].
    pub(super) seen: HashSet<u64>,
}

/// What the outcome of a line depends on, besides the earlier lines of the batch.
pub(super) struct Planner<'a> {
    pub(super) options: Options,
    pub(super) definitions: &'a [Definition],
    pub(super) seen: &'a SeenCustomers,
}

impl Planner<'_> {
    /// Decides what the batch writes. `None` if the customers have changed since it was prepared.
    pub(super) fn plan<'a>(&self, batch: &'a Batch, mut existing: ExistingRecords) -> Option<BatchPlan<'a>> {
        let mut plan = BatchPlan::default();
        for prepared in &batch.prepared {
            let outcome = match prepared {
                Ok(prepared) => self.add(prepared, &mut existing, &mut plan)?,
                Err(problems) => ImportOutcome::Refused(problems.clone()),
            };
            plan.outcomes.push(outcome);
        }
        Some(plan)
    }

    fn add<'a>(
        &self,
        prepared: &'a Prepared,
        existing: &mut ExistingRecords,
        plan: &mut BatchPlan<'a>,
    ) -> Option<ImportOutcome> {
        let stored = match existing.owner(&prepared.draft) {
            Ok(stored) => stored,
            Err(problems) => return Some(ImportOutcome::Refused(problems)),
        };
        let id = stored.map(|stored| stored.row.customer_id);
        let was_deleted = id.is_none() && prepared.existing.is_some();
        if was_deleted || self.options.update && id != prepared.existing {
            return None;
        }
        let keys = if self.options.update {
            self.seen.keys(&prepared.draft, stored.map(|stored| &stored.row))
        } else {
            Vec::new()
        };
        if keys.iter().any(|key| plan.seen.contains(key) || self.seen.contains(*key)) {
            let message = "An earlier line of the file is about the same customer";
            let field = if prepared.draft.email.is_some() { "email" } else { "uuid" };
            return Some(ImportOutcome::Refused(vec![Problem::new(field, message)]));
        }
        let outcome = match stored {
            None => create(prepared, existing, plan)?,
            Some(stored) if !self.options.update => compare(prepared, stored, plan),
            Some(stored) => {
                if let NewPassword::Compared { stored: hash, .. } = &prepared.password
                    && *hash != stored.row.password
                {
                    return None;
                }
                match CustomerUpdate::new(stored, prepared, self.definitions) {
                    Ok(update) => change(update, existing, plan),
                    Err(problems) => ImportOutcome::Refused(problems),
                }
            }
        };
        if !matches!(outcome, ImportOutcome::Refused(_)) {
            plan.seen.extend(keys);
        }
        Some(outcome)
    }
}

/// Creates a customer. `None` if it existed when the batch was prepared.
fn create<'a>(
    prepared: &'a Prepared,
    existing: &mut ExistingRecords,
    plan: &mut BatchPlan<'a>,
) -> Option<ImportOutcome> {
    let (Some(account), NewPassword::Hash(hash)) = (&prepared.account, &prepared.password) else {
        return None;
    };
    let outcome = existing.create(&prepared.draft, account);
    if outcome == ImportOutcome::Created {
        plan.created.push(CreatedCustomer { prepared, account, hash });
    }
    Some(outcome)
}

/// Compares a line with its stored customer.
fn compare(prepared: &Prepared, stored: &StoredCustomer, plan: &mut BatchPlan<'_>) -> ImportOutcome {
    let StoredCustomer { row, addresses } = stored;
    let account = ImportedAccount::from_rows(row.clone(), addresses.clone());
    let is_same =
        prepared.account.as_ref().is_some_and(|imported| account.matches(&prepared.draft, imported));
    if !is_same {
        return ImportOutcome::Refused(email_taken());
    }
    if row.status.is_enabled() && !row.password.is_set() {
        plan.invited.push(row.customer_id);
    }
    ImportOutcome::Unchanged
}

/// Changes a customer.
fn change(update: CustomerUpdate, existing: &mut ExistingRecords, plan: &mut BatchPlan<'_>) -> ImportOutcome {
    let claimed = existing.claim_uuids(update.new_uuids());
    let claimed =
        claimed.and_then(|()| update.new_email_key().map_or(Ok(()), |key| existing.claim_email(key)));
    if let Err(problems) = claimed {
        return ImportOutcome::Refused(problems);
    }
    plan.invited.extend(update.invited());
    if update.fields().is_empty() {
        return ImportOutcome::Unchanged;
    }
    let fields = update.fields().to_vec();
    plan.updated.push(update);
    ImportOutcome::Updated(fields)
}
