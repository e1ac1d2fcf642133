//! The journal entries of a change of EverShop. They are those of the same change with patron.

use serde_json::json;

use super::columns::snapshot_of;
use crate::entity::shop_change::{Model, ShopOperation, ShopTable};
use crate::error::{Error, Result};
use crate::service::journal::Change;
use crate::types::EventKind;

/// The entries of a change, without their actor. Empty if nothing changed that the journal records.
pub(super) fn changes(row: &Model) -> Result<Vec<Change>> {
    let [created, updated, deleted] = kinds(row.source_table);
    let before = row.before.as_ref().map(|columns| snapshot_of(row.source_table, columns)).transpose()?;
    let after = row.after.as_ref().map(|columns| snapshot_of(row.source_table, columns)).transpose()?;
    match (row.operation, before, after) {
        (ShopOperation::Insert, _, Some(after)) => Ok(vec![Change::created(created, row.row_uuid, after)]),
        (ShopOperation::Delete, Some(before), _) => Ok(vec![Change::deleted(deleted, row.row_uuid, &before)]),
        (ShopOperation::Update, Some(before), Some(after)) => {
            Ok(of_update(row, Change::updated(updated, row.row_uuid, &before, after)))
        }
        _ => Err(Error::internal("a queued change of EverShop lacks the columns of its row")),
    }
}

fn of_update(row: &Model, update: Change) -> Vec<Change> {
    let uuid = row.row_uuid;
    let is_admin = row.source_table == ShopTable::AdminUser;
    let update = if is_admin && row.new_password { update.with_secret("password") } else { update };
    let mut changes = Vec::new();
    if !update.is_empty() {
        changes.push(update);
    }
    if row.new_password && !is_admin {
        let changed = Change::event(EventKind::PasswordChanged, uuid, json!({"uuid": uuid.to_string()}));
        changes.push(changed.with_secret("password"));
    }
    if row.ended_sessions > 0 {
        let count = row.ended_sessions;
        changes.push(if is_admin {
            let data = json!({"count": count, "admin": uuid.to_string()});
            Change::event(EventKind::AdminSessionRevoked, uuid, data)
        } else {
            Change::event(EventKind::SessionRevoked, uuid, json!({"count": count}))
        });
    }
    changes
}

/// The kinds of a created, an updated and a deleted row.
fn kinds(table: ShopTable) -> [EventKind; 3] {
    use EventKind as Kind;
    match table {
        ShopTable::Customer => [Kind::CustomerCreated, Kind::CustomerUpdated, Kind::CustomerDeleted],
        ShopTable::CustomerAddress => [Kind::AddressCreated, Kind::AddressUpdated, Kind::AddressDeleted],
        ShopTable::CustomerGroup => [Kind::GroupCreated, Kind::GroupUpdated, Kind::GroupDeleted],
        ShopTable::AdminUser => [Kind::AdminCreated, Kind::AdminUpdated, Kind::AdminDeleted],
        ShopTable::MetafieldDefinition => [
            Kind::MetafieldDefinitionCreated,
            Kind::MetafieldDefinitionUpdated,
            Kind::MetafieldDefinitionDeleted,
        ],
    }
}
