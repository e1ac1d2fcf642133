//! The columns of a row that EverShop changed, as the guards record them, and the snapshots of the journal from them.

mod customer;
mod record;
mod stored;

use sea_orm::prelude::Json;

use self::customer::{address_row, customer_row};
use self::record::{admin_row, definition_row, group_row};
use self::stored::{read, stored_email, unreadable};
use crate::entity::shop_change::ShopTable;
use crate::error::Result;
use crate::service::journal::snapshot;
use crate::types::EmailAddress;

/// The column of a customer's pending e-mail change.
pub(super) const PENDING_EMAIL: &str = "pending_email";

/// The snapshot that the journal records of a row with these columns.
pub(super) fn snapshot_of(table: ShopTable, columns: &Json) -> Result<Json> {
    Ok(match table {
        ShopTable::Customer => snapshot::customer(&customer_row(read(columns)?)?),
        ShopTable::CustomerAddress => snapshot::address(&address_row(read(columns)?)),
        ShopTable::CustomerGroup => snapshot::group(&group_row(read(columns)?)),
        ShopTable::AdminUser => snapshot::admin(&admin_row(read(columns)?)?),
        ShopTable::MetafieldDefinition => snapshot::metafield_definition(&definition_row(read(columns)?)?),
    })
}

/// The e-mail address among the columns of a customer.
pub(super) fn email(columns: Option<&Json>) -> Result<EmailAddress> {
    let email = columns.and_then(|columns| columns.get("email")?.as_str());
    stored_email(email.ok_or_else(unreadable)?.to_owned())
}
