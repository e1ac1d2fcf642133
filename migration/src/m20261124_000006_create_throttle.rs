//! What was tried too often, and until when it is refused; in the database, so that several instances agree.

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
                    .table("throttle")
                    .col(string("key").primary_key())
                    .col(integer("count").default(0))
                    .col(columns::timestamp(manager, "since"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .col(timestamp_with_time_zone_null("blocked_until"))
                    .take(),
            )
            .await?;
        columns::index(manager, "throttle", &["updated_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("throttle").take()).await
    }
}
