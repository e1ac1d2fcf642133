//! Tokens with which customers set a new password; hashes only. The table is EverShop's.

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
                    .table("reset_password_token")
                    .col(pk_auto("reset_password_token_id"))
                    .col(integer("customer_id"))
                    .col(string("token").unique_key())
                    .col(columns::timestamp(manager, "created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("reset_password_token_customer_id_fkey")
                            .from("reset_password_token", "customer_id")
                            .to("customer", "customer_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        columns::index(manager, "reset_password_token", &["customer_id"]).await?;
        columns::index(manager, "reset_password_token", &["created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("reset_password_token").take()).await
    }
}
