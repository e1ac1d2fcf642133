//! The changes of an adoption and of its undo, in order.

use super::change::Change;
use crate::{STEPS, Step};

/// Indexes of the shop's own tables, by which its sessions of a customer or an admin are ended, and its events of a customer
/// are erased.
const SHOP_INDEXES: [(&str, &str); 3] = [
    (
        "patron_session_customer_idx",
        r#"CREATE INDEX IF NOT EXISTS "patron_session_customer_idx" ON "session" ((sess->>'customerID'))"#,
    ),
    (
        "patron_session_admin_idx",
        r#"CREATE INDEX IF NOT EXISTS "patron_session_admin_idx" ON "session" ((sess->>'userID'))"#,
    ),
    (
        "patron_event_customer_idx",
        r#"CREATE INDEX IF NOT EXISTS "patron_event_customer_idx" ON "event" ((data->>'uuid'))"#,
    ),
];

/// The changes that adopt a database.
pub(super) fn adoption() -> Vec<Change> {
    let mut changes = upgrade(&STEPS);
    let indexes = SHOP_INDEXES.iter();
    changes.extend(
        indexes.map(|(name, sql)| Change::Index { name: (*name).to_owned(), sql: (*sql).to_owned() }),
    );
    changes
}

/// The changes that apply these migrations to an adopted database.
pub(super) fn upgrade(steps: &[Step]) -> Vec<Change> {
    steps.iter().flat_map(Step::shared_up).collect()
}

/// The changes that undo an adoption.
pub(super) fn undo() -> Vec<Change> {
    let mut changes: Vec<Change> = STEPS.iter().rev().flat_map(Step::shared_down).collect();
    changes.extend(SHOP_INDEXES.iter().map(|(name, _)| Change::DropIndex((*name).to_owned())));
    changes
}
