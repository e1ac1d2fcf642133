//! Tokens with which customers confirm an e-mail address; hashes only.

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
                    .table("verify_email_token")
                    .col(pk_auto("verify_email_token_id"))
                    .col(integer("customer_id"))
                    .col(string("email"))
                    .col(string("token").unique_key())
                    .col(columns::timestamp(manager, "created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("verify_email_token_customer_id_fkey")
                            .from("verify_email_token", "customer_id")
                            .to("customer", "customer_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        columns::index(manager, "verify_email_token", &["customer_id"]).await?;
        columns::index(manager, "verify_email_token", &["created_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("verify_email_token").take()).await
    }
}
