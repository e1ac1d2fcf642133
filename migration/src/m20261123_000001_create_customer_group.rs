//! Customer groups, and the group that a new customer belongs to.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("customer_group")
                    .col(pk_auto("customer_group_id"))
                    .col(columns::uuid(manager))
                    .col(string("group_name"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .take(),
            )
            .await?;
        // Not a seed but part of the schema: `customer.group_id` has this row's id as its default.
        let default_group = Query::insert()
            .into_table("customer_group")
            .columns(["group_name"])
            .values_panic(["Default".into()])
            .to_owned();
        manager.execute(default_group).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("customer_group").take()).await
    }
}
