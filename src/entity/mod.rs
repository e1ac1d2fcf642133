//! The tables, one file each, with finders scoped to what a caller may reach.
//!
//! Models carry no serde and no GraphQL derives: what a column is called on the wire, and who may see it, is
//! not the table's business. Imports nothing of the crate but `types`.
#![expect(missing_docs, reason = "a column is documented where its name does not say what it is")]

pub mod admin_session;
pub mod admin_user;
pub mod customer;
pub mod customer_address;
pub mod customer_group;
pub mod customer_session;
pub mod idempotency_key;
pub mod journal_entry;
pub mod journal_position;
pub mod mail;
pub mod metafield_definition;
pub mod reset_password_token;
pub mod throttle;
pub mod verify_email_token;
pub mod webhook_delivery;
pub mod webhook_endpoint;

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{DbBackend, EntityName};

/// The `full_name` column of `table`, compared by code point on every database (PostgreSQL: in the "C" collation).
pub fn name_key(table: impl EntityName, backend: DbBackend) -> SimpleExpr {
    let table = table.table_name();
    Expr::cust(match backend {
        DbBackend::Postgres => format!(r#""{table}"."full_name" COLLATE "C""#),
        _ => format!(r#""{table}"."full_name""#),
    })
}
