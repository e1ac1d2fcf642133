//! No two customer groups have one name, whatever the case of its ASCII letters.

use sea_orm_migration::prelude::*;

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        columns::unique_folded(manager, "customer_group", "group_name", "customer_group_name_key").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("customer_group_name_key").table("customer_group").to_owned())
            .await
    }
}
