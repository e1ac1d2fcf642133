//! Customers, with unique e-mail addresses.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{computed_text, drop_table, index, sql, timestamp, unique, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000002_customer", up, down };

const TABLE: &str = "customer";

/// Indexes of rows whose computed columns are still missing. The conditions are the same text as in the queries, without
/// parameters, because SQLite compares the text to decide whether an index can be used.
const MISSING: [&str; 2] = [
    r#"CREATE INDEX IF NOT EXISTS "customer_email_key_missing_idx" ON "customer" ("customer_id")
WHERE "email_key" IS NULL"#,
    r#"CREATE INDEX IF NOT EXISTS "customer_search_text_missing_idx" ON "customer" ("customer_id")
WHERE "search_text" = ''"#,
];

/// Names are compared by code point, as SQLite always does.
const BY_NAME: &str = r#"CREATE INDEX IF NOT EXISTS "customer_full_name_c_idx"
ON "customer" ("full_name" COLLATE "C", "customer_id")"#;

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(pk_auto("customer_id"))
        .col(uuid(backend))
        .col(small_integer("status").default(1))
        .col(integer_null("group_id").default(1))
        .col(string("email"))
        .col(string("password"))
        .col(string("full_name"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .col(json_binary("meta_data").default("{}"))
        .col(integer("version").default(1))
        .col(big_integer("token_generation").default(0))
        .col(timestamp_with_time_zone_null("email_verified_at"))
        .col(string_null("pending_email"))
        .col(big_integer("event_sequence").default(0))
        .col(computed_text(backend, "email_key"))
        .col(computed_text(backend, "email_unicode"))
        .col(text("search_text").default(""))
        .foreign_key(
            ForeignKey::create()
                .name("customer_group_id_fkey")
                .from(TABLE, "group_id")
                .to("customer_group", "customer_group_id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take();
    let mut statements = vec![
        sql(backend, &table),
        unique(backend, TABLE, &["email_key"]),
        index(backend, TABLE, &["created_at", "customer_id"]),
        index(backend, TABLE, &["full_name", "customer_id"]),
        index(backend, TABLE, &["status", "customer_id"]),
        index(backend, TABLE, &["group_id", "customer_id"]),
        index(backend, TABLE, &["email_verified_at", "customer_id"]),
        index(backend, TABLE, &["updated_at", "customer_id"]),
    ];
    statements.extend(MISSING.map(str::to_owned));
    if backend == DbBackend::Postgres {
        statements.push(BY_NAME.to_owned());
    }
    statements
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
