//! Mails: each is written with its cause, sent later, and goes when its customer goes.

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
                    .table("mail")
                    .col(pk_auto("mail_id"))
                    .col(columns::uuid(manager))
                    .col(integer_null("customer_id"))
                    .col(string("kind"))
                    .col(string("recipient"))
                    .col(string("status").default("pending"))
                    .col(integer("attempts").default(0))
                    .col(text_null("last_error"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "next_attempt_at"))
                    .col(columns::timestamp(manager, "give_up_at"))
                    .col(timestamp_with_time_zone_null("sent_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("mail_customer_id_fkey")
                            .from("mail", "customer_id")
                            .to("customer", "customer_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        columns::index(manager, "mail", &["customer_id"]).await?;
        columns::index(manager, "mail", &["status", "next_attempt_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("mail").take()).await
    }
}
