//! Requests that were sent with a key, so that none is done twice.

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
                    .table("idempotency_key")
                    .col(string("scope").primary_key())
                    .col(string("fingerprint"))
                    .col(blob_null("answer"))
                    .col(uuid_null("customer_uuid"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "expires_at"))
                    .take(),
            )
            .await?;
        columns::index(manager, "idempotency_key", &["customer_uuid"]).await?;
        columns::index(manager, "idempotency_key", &["expires_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("idempotency_key").take()).await
    }
}
