//! The tables, one file each, with common queries.
//!
//! Models derive neither serde nor GraphQL traits: the APIs define the names of fields and the access to them. Of the
//! crate, this module imports only `types`.
#![expect(missing_docs, reason = "a column is documented only if its name doesn't explain it")]

pub mod address_row;
pub mod admin_recovery_code;
pub mod admin_second_factor;
pub mod admin_session;
pub mod admin_user;
pub mod admin_write;
pub mod customer;
pub mod customer_address;
pub mod customer_group;
pub mod customer_metafield_value;
pub mod customer_row;
pub mod customer_session;
pub mod idempotency_key;
pub mod journal_entry;
pub mod journal_position;
pub mod mail;
pub mod metafield_definition;
pub mod reset_password_token;
mod row;
pub mod saved_view;
pub mod shop_change;
pub mod throttle;
pub mod verify_email_token;
pub mod webhook_delivery;
pub mod webhook_endpoint;

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{DbBackend, EntityName, EntityTrait, Select};
use uuid::Uuid;

/// A table whose rows have a public identifier.
pub trait PublicId: EntityTrait {
    /// The name of a row in messages.
    const NOUN: &'static str;

    /// The row with this public identifier, unless it is marked as deleted.
    fn find_by_public_id(uuid: Uuid) -> Select<Self>;
}

/// The column `full_name` of `table`, compared by code point in both databases (PostgreSQL: with the collation "C").
pub fn name_key(table: impl EntityName, backend: DbBackend) -> SimpleExpr {
    let table = table.table_name();
    Expr::cust(match backend {
        DbBackend::Postgres => format!(r#""{table}"."full_name" COLLATE "C""#),
        _ => format!(r#""{table}"."full_name""#),
    })
}
