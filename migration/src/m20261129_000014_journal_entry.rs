//! The journal: one entry for each change, written in the same transaction. Webhooks, the events feed and the audit trail
//! read it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp, unindexed_uuid, unique};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000014_journal_entry", up, down, shared: None };

const TABLE: &str = "journal_entry";

/// Entries without a position. They are few, however large the journal is.
const UNPUBLISHED: &str = r#"CREATE INDEX IF NOT EXISTS "journal_entry_unpublished_idx"
ON "journal_entry" ("journal_entry_id") WHERE "position" IS NULL"#;

/// Omits entries without a named actor (registrations, imports), which are the majority.
const BY_ACTOR: &str = r#"CREATE INDEX IF NOT EXISTS "journal_entry_actor_uuid_idx"
ON "journal_entry" ("actor_uuid", "journal_entry_id") WHERE "actor_uuid" IS NOT NULL"#;

/// Omits entries about a customer's own row, which are queried by the customer.
const BY_RECORD: &str = r#"CREATE INDEX IF NOT EXISTS "journal_entry_record_idx"
ON "journal_entry" ("record", "journal_entry_id") WHERE "record" IS DISTINCT FROM "customer_uuid""#;

/// Omits the many entries without a request, for example of an import, because they are never queried by request.
const BY_REQUEST: &str = r#"CREATE INDEX IF NOT EXISTS "journal_entry_request_id_idx"
ON "journal_entry" ("request_id", "journal_entry_id") WHERE "request_id" <> 'system'"#;

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("journal_entry_id"))
        .col(unindexed_uuid(backend))
        .col(string("kind"))
        .col(small_integer("schema_version").default(1))
        .col(uuid_null("customer_uuid"))
        .col(big_integer_null("sequence"))
        .col(ColumnDef::new("record").uuid().not_null())
        .col(json_binary("data"))
        .col(json_binary("fields"))
        .col(json_binary("before"))
        .col(timestamp(backend, "created_at"))
        .col(string("actor"))
        .col(uuid_null("actor_uuid"))
        .col(uuid_null("token_id"))
        .col(string_null("ip_address"))
        .col(string_null("user_agent"))
        .col(string("request_id").default(""))
        .col(big_integer_null("position").unique_key())
        .take();
    vec![
        sql(backend, &table),
        unique(backend, TABLE, &["customer_uuid", "sequence"]),
        index(backend, TABLE, &["created_at"]),
        UNPUBLISHED.to_owned(),
        BY_ACTOR.to_owned(),
        BY_RECORD.to_owned(),
        BY_REQUEST.to_owned(),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
