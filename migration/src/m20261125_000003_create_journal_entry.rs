//! The journal: every change, written with it, for whoever is told of changes and whoever looks them up later.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Entries that have no position yet: a handful, whatever the journal holds.
const UNPUBLISHED: &str = r#"CREATE INDEX "journal_entry_unpublished_idx" ON "journal_entry" ("journal_entry_id")
WHERE "position" IS NULL"#;

/// Most of what is done is done by nobody who has a name: registrations, imports.
const BY_ACTOR: &str = r#"CREATE INDEX "journal_entry_actor_uuid_idx" ON "journal_entry" ("actor_uuid", "journal_entry_id")
WHERE "actor_uuid" IS NOT NULL"#;

/// Entries about a customer's own row are found by the customer.
const BY_RECORD: &str = r#"CREATE INDEX "journal_entry_record_idx" ON "journal_entry" ("record", "journal_entry_id")
WHERE "record" IS DISTINCT FROM "customer_uuid""#;

/// What no request did, an import for instance, is much, and nobody looks for it by that.
const BY_REQUEST: &str = r#"CREATE INDEX "journal_entry_request_id_idx" ON "journal_entry" ("request_id", "journal_entry_id")
WHERE "request_id" <> 'system'"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("journal_entry")
                    .col(big_pk_auto("journal_entry_id"))
                    .col(columns::unindexed_uuid(manager))
                    .col(string("kind"))
                    .col(small_integer("schema_version").default(1))
                    .col(uuid_null("customer_uuid"))
                    .col(big_integer_null("sequence"))
                    .col(uuid("record"))
                    .col(json_binary("data"))
                    .col(json_binary("fields"))
                    .col(json_binary("before"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(string("actor"))
                    .col(uuid_null("actor_uuid"))
                    .col(uuid_null("token_id"))
                    .col(string_null("ip_address"))
                    .col(string_null("user_agent"))
                    .col(string("request_id").default(""))
                    .col(big_integer_null("position").unique_key())
                    .take(),
            )
            .await?;
        let mut order = Index::create().name("journal_entry_customer_uuid_sequence_key").unique().take();
        order.table("journal_entry").col("customer_uuid").col("sequence");
        manager.create_index(order).await?;
        // Ever later moments: such an index costs next to nothing.
        columns::index(manager, "journal_entry", &["created_at"]).await?;
        for index in [UNPUBLISHED, BY_ACTOR, BY_RECORD, BY_REQUEST] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("journal_position")
                    .col(integer("journal_position_id").primary_key())
                    .col(big_integer("position"))
                    .take(),
            )
            .await?;
        let first = Query::insert()
            .into_table("journal_position")
            .columns(["journal_position_id", "position"])
            .values_panic([1.into(), 0.into()])
            .to_owned();
        manager.execute(first).await?;
        let counter = big_integer("event_sequence").default(0).take();
        manager.alter_table(Table::alter().table("customer").add_column(counter).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("customer").drop_column("event_sequence").take()).await?;
        manager.drop_table(Table::drop().table("journal_position").take()).await?;
        manager.drop_table(Table::drop().table("journal_entry").take()).await
    }
}
