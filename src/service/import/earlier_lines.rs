//! What is remembered of the earlier lines of a file. Only hashes are kept: 16 bytes for each line take 40 MB for a million
//! lines.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::ImportOutcome;
use super::account::ImportedAccount;
use super::draft::CustomerDraft;
use super::owners::email_taken;
use crate::entity::customer;

/// The earlier lines of a dry run, which are not in the database: the fingerprints of new customers, by e-mail key.
#[derive(Default)]
pub(super) struct EarlierLines {
    hasher: RandomState,
    fingerprints: HashMap<u64, u64>,
}

impl EarlierLines {
    /// Determines the outcome of a line whose customer is not in the database.
    pub(super) fn classify(&mut self, draft: &CustomerDraft, account: &ImportedAccount) -> ImportOutcome {
        let fingerprint = account.fingerprint(draft);
        match self.fingerprints.insert(self.hasher.hash_one(account.email_key()), fingerprint) {
            Some(earlier) if earlier == fingerprint => ImportOutcome::Unchanged,
            Some(_) => ImportOutcome::Refused(email_taken()),
            None => ImportOutcome::Created,
        }
    }
}

/// The customers of the earlier lines of an update. A second line of a customer is refused: it could undo the first one, and
/// a repeated import would then change the customer twice.
#[derive(Default)]
pub(super) struct SeenCustomers {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl SeenCustomers {
    /// What identifies the customer of a line: its e-mail addresses and uuids, before and after the line.
    pub(super) fn keys(&self, draft: &CustomerDraft, stored: Option<&customer::Model>) -> Vec<u64> {
        let emails = draft.email.iter().chain(stored.map(|row| &row.email));
        let emails = emails.map(|email| self.hasher.hash_one(("email", email.key())));
        let uuids = draft.uuid.into_iter().chain(stored.map(|row| row.uuid));
        let mut keys: Vec<u64> =
            emails.chain(uuids.map(|uuid| self.hasher.hash_one(("uuid", uuid)))).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether an earlier line has one of these keys.
    pub(super) fn contains(&self, key: u64) -> bool {
        self.seen.contains(&key)
    }

    /// Adds the keys of the lines of a batch.
    pub(super) fn extend(&mut self, keys: HashSet<u64>) {
        self.seen.extend(keys);
    }
}
