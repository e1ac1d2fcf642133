//! Who sent a request with a key, so that what one caller stores can be bounded.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEX: &str = "idempotency_key_caller_created_at_idx";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = string("caller").default("").take();
        manager.alter_table(Table::alter().table("idempotency_key").add_column(column).take()).await?;
        columns::index(manager, "idempotency_key", &["caller", "created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table("idempotency_key").to_owned()).await?;
        manager.alter_table(Table::alter().table("idempotency_key").drop_column("caller").take()).await
    }
}
