//! Customers, one an e-mail address whatever its case.

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
                    .table("customer")
                    .col(pk_auto("customer_id"))
                    .col(columns::uuid(manager))
                    .col(small_integer("status").default(1))
                    .col(integer_null("group_id").default(1))
                    .col(string("email"))
                    .col(string("password"))
                    .col(string("full_name"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .col(json_binary("meta_data").default("{}"))
                    .col(integer("version").default(1))
                    .col(integer("token_generation").default(0))
                    .foreign_key(
                        ForeignKey::create()
                            .name("customer_group_id_fkey")
                            .from("customer", "group_id")
                            .to("customer_group", "customer_group_id")
                            .on_delete(ForeignKeyAction::SetNull),
                    )
                    .take(),
            )
            .await?;
        columns::unique_email(manager, "customer").await?;
        for (name, columns) in [
            ("customer_group_id_idx", &["group_id"][..]),
            ("customer_created_at_idx", &["created_at", "customer_id"]),
            ("customer_full_name_idx", &["full_name", "customer_id"]),
        ] {
            let mut index = Index::create().name(name).table("customer").take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("customer").take()).await
    }
}
