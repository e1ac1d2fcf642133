//! The journal is kept for a time: up to which place of the feed it was deleted, and an index for the check that no
//! delivery refers to what is deleted.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let expired = big_integer("expired_position").default(0).take();
        manager.alter_table(Table::alter().table("journal_position").add_column(expired).take()).await?;
        columns::index(manager, "webhook_delivery", &["journal_entry_id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "webhook_delivery_journal_entry_id_idx";
        manager.drop_index(Index::drop().name(index).table("webhook_delivery").to_owned()).await?;
        let table = Table::alter().table("journal_position").drop_column("expired_position").take();
        manager.alter_table(table).await
    }
}
