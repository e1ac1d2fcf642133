//! What the lines of a batch name: it decides whether two batches can affect one another.

use std::collections::HashSet;

use uuid::Uuid;

use super::prepare::Batch;
use crate::types::EmailAddress;

/// The e-mail addresses and identifiers that the lines of a batch name.
#[derive(Debug)]
pub struct BatchNames {
    emails: HashSet<String>,
    uuids: HashSet<Uuid>,
}

impl Batch {
    /// What the valid lines of the batch name.
    pub fn names(&self) -> BatchNames {
        let drafts = || self.prepared.iter().flatten().map(|line| &line.draft);
        let emails = drafts().filter_map(|draft| draft.email.as_ref()).map(EmailAddress::key);
        let of_addresses = drafts().flat_map(|draft| draft.addresses.iter().flatten());
        let uuids = drafts().filter_map(|draft| draft.uuid);
        let uuids = uuids.chain(of_addresses.filter_map(|address| address.uuid));
        BatchNames { emails: emails.collect(), uuids: uuids.collect() }
    }
}

impl BatchNames {
    /// Whether the two batches name nothing in common. Without an update, no line of one affects the outcome of a line of the
    /// other then.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.emails.is_disjoint(&other.emails) && self.uuids.is_disjoint(&other.uuids)
    }
}
