//! Webhooks: who is told of changes, and what became of telling it.

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
                    .table("webhook_endpoint")
                    .col(pk_auto("webhook_endpoint_id"))
                    .col(columns::uuid(manager))
                    .col(string("url"))
                    .col(string("description").default(""))
                    .col(json_binary("events"))
                    .col(boolean("enabled").default(true))
                    .col(blob("secret"))
                    .col(blob_null("previous_secret"))
                    .col(timestamp_with_time_zone_null("previous_secret_expires_at"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("webhook_delivery")
                    .col(big_pk_auto("webhook_delivery_id"))
                    .col(columns::uuid(manager))
                    .col(integer("webhook_endpoint_id"))
                    .col(big_integer("journal_entry_id"))
                    .col(uuid_null("customer_uuid"))
                    .col(string("status").default("pending"))
                    .col(integer("attempts").default(0))
                    .col(small_integer_null("response_status"))
                    .col(integer_null("duration_ms"))
                    .col(text_null("last_error"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(timestamp_with_time_zone_null("first_attempt_at"))
                    .col(columns::timestamp(manager, "next_attempt_at"))
                    .col(timestamp_with_time_zone_null("delivered_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("webhook_delivery_webhook_endpoint_id_fkey")
                            .from("webhook_delivery", "webhook_endpoint_id")
                            .to("webhook_endpoint", "webhook_endpoint_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("webhook_delivery_journal_entry_id_fkey")
                            .from("webhook_delivery", "journal_entry_id")
                            .to("journal_entry", "journal_entry_id"),
                    )
                    .take(),
            )
            .await?;
        let table = "webhook_delivery";
        columns::index(manager, table, &["webhook_endpoint_id", "status", "next_attempt_at"]).await?;
        columns::index(manager, table, &["webhook_endpoint_id", "customer_uuid", "status"]).await?;
        columns::index(manager, table, &["status", "delivered_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("webhook_delivery").take()).await?;
        manager.drop_table(Table::drop().table("webhook_endpoint").take()).await
    }
}
