//! 64-bit keys for all that grows with use, and 64 bits for the generations of tokens: none of them can run out. Keys
//! that EverShop has as `int` (customers, addresses, groups, admins) stay as they are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Primary keys: `<table>_id`, with the sequence that numbers them.
const TABLES: [&str; 7] = [
    "customer_session",
    "customer_refresh_token",
    "reset_password_token",
    "verify_email_token",
    "mail",
    "webhook_endpoint",
    "metafield_definition",
];

/// Columns that hold such a key, or count.
const COLUMNS: [(&str, &str); 5] = [
    ("customer_refresh_token", "customer_session_id"),
    ("customer_refresh_token", "parent_id"),
    ("webhook_delivery", "webhook_endpoint_id"),
    ("customer", "token_generation"),
    ("admin_user", "token_generation"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change(manager, "bigint").await
    }

    /// Fails, and changes nothing, where a number needs more than 32 bits.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change(manager, "integer").await
    }
}

/// SQLite needs none of it: every integer there has 64 bits, whatever its column is declared as.
async fn change(manager: &SchemaManager<'_>, to: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let db = manager.get_connection();
    let keys = TABLES.map(|table| (table, format!("{table}_id")));
    let columns = COLUMNS.map(|(table, column)| (table, column.to_owned()));
    for (table, column) in keys.iter().chain(&columns) {
        let sql = format!(r#"ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {to}"#);
        db.execute_unprepared(&sql).await?;
    }
    for (table, column) in &keys {
        let sql = format!(r#"ALTER SEQUENCE "{table}_{column}_seq" AS {to}"#);
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}
