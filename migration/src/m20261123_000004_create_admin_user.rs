//! Admins: the people and scripts of the back office.

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
                    .table("admin_user")
                    .col(pk_auto("admin_user_id"))
                    .col(columns::uuid(manager))
                    .col(boolean("status").default(true))
                    .col(string("email"))
                    .col(string("password"))
                    .col(string("full_name"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .col(integer("token_generation").default(0))
                    .take(),
            )
            .await?;
        columns::unique_email(manager, "admin_user").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("admin_user").take()).await
    }
}
