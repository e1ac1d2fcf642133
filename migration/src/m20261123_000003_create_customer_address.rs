//! Addresses of customers; they go when their customer goes.

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
                    .table("customer_address")
                    .col(pk_auto("customer_address_id"))
                    .col(columns::uuid(manager))
                    .col(integer("customer_id"))
                    .col(string_null("full_name"))
                    .col(string_null("telephone"))
                    .col(string_null("address_1"))
                    .col(string_null("address_2"))
                    .col(string_null("postcode"))
                    .col(string_null("city"))
                    .col(string_null("province"))
                    .col(string("country"))
                    .col(boolean("is_default").default(false))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("customer_address_customer_id_fkey")
                            .from("customer_address", "customer_id")
                            .to("customer", "customer_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("customer_address_customer_id_idx")
                    .table("customer_address")
                    .col("customer_id")
                    .take(),
            )
            .await?;
        // At most one default a customer. Partial, and so beyond what the builder can say for both databases.
        manager
            .get_connection()
            .execute_unprepared(
                r#"CREATE UNIQUE INDEX "customer_address_default_key" ON "customer_address" ("customer_id") WHERE "is_default""#,
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("customer_address").take()).await
    }
}
