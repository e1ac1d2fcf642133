//! Since when a customer's address is known to be its own, and the address it wants instead.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One statement each: SQLite adds one column at a time.
        for column in [timestamp_with_time_zone_null("email_verified_at"), string_null("pending_email")] {
            manager.alter_table(Table::alter().table("customer").add_column(column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["pending_email", "email_verified_at"] {
            manager.alter_table(Table::alter().table("customer").drop_column(column).take()).await?;
        }
        Ok(())
    }
}
