//! Definitions of custom fields; their values are in `customer.meta_data`.

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
                    .table("metafield_definition")
                    .col(pk_auto("metafield_definition_id"))
                    .col(columns::uuid(manager))
                    .col(string("owner_type"))
                    .col(string("namespace").default("custom"))
                    .col(string("field_key"))
                    .col(string("name"))
                    .col(text_null("description"))
                    .col(string("field_type"))
                    .col(boolean("is_list").default(false))
                    .col(boolean("required").default(false))
                    .col(boolean("visible_to_customer").default(true))
                    .col(json_binary("validations").default("[]"))
                    .col(json_binary("sub_fields").default("[]"))
                    .col(integer("position").default(0))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "updated_at"))
                    .col(timestamp_with_time_zone_null("deleted_at"))
                    .col(integer("cleaned_up_to").default(0))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("metafield_definition_key")
                    .table("metafield_definition")
                    .col("owner_type")
                    .col("namespace")
                    .col("field_key")
                    .unique()
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("metafield_definition").take()).await
    }
}
