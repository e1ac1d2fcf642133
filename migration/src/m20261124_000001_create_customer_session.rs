//! Sessions of customers, and the refresh tokens that each has had; they go when their customer goes.

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
                    .table("customer_session")
                    .col(pk_auto("customer_session_id"))
                    .col(columns::uuid(manager))
                    .col(integer("customer_id"))
                    .col(string_null("user_agent"))
                    .col(string_null("ip_address"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "last_used_at"))
                    .col(columns::timestamp(manager, "expires_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("customer_session_customer_id_fkey")
                            .from("customer_session", "customer_id")
                            .to("customer", "customer_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("customer_refresh_token")
                    .col(pk_auto("customer_refresh_token_id"))
                    .col(integer("customer_session_id"))
                    .col(integer_null("parent_id"))
                    .col(string("token_hash").unique_key())
                    .col(boolean("is_used").default(false))
                    .col(columns::timestamp(manager, "expires_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("customer_refresh_token_customer_session_id_fkey")
                            .from("customer_refresh_token", "customer_session_id")
                            .to("customer_session", "customer_session_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        for (table, column) in [
            ("customer_session", "customer_id"),
            ("customer_session", "expires_at"),
            ("customer_refresh_token", "customer_session_id"),
            ("customer_refresh_token", "parent_id"),
        ] {
            let name = format!("{table}_{column}_idx");
            manager.create_index(Index::create().name(name).table(table).col(column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("customer_refresh_token").take()).await?;
        manager.drop_table(Table::drop().table("customer_session").take()).await
    }
}
