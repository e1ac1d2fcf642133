//! Indexes for the orders of customers that have none, each ending in the primary key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns;

/// What can be sorted by, besides what has an index already.
const COLUMNS: [&str; 4] = ["status", "group_id", "email_verified_at", "updated_at"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            columns::index(manager, "customer", &[column, "customer_id"]).await?;
        }
        // Names are compared by code point, as SQLite's indexes do anyway.
        if manager.get_database_backend() == DbBackend::Postgres {
            let sql = r#"CREATE INDEX "customer_full_name_c_idx" ON "customer" ("full_name" COLLATE "C", "customer_id")"#;
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            manager
                .drop_index(Index::drop().name("customer_full_name_c_idx").table("customer").to_owned())
                .await?;
        }
        for column in COLUMNS.iter().rev() {
            let name = format!("customer_{column}_customer_id_idx");
            manager.drop_index(Index::drop().name(name).table("customer").to_owned()).await?;
        }
        Ok(())
    }
}
