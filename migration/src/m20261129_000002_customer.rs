//! Customers, with unique e-mail addresses.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::adoption::{Change, Fill, SharedStep};
use crate::columns::{
    PG_COMPUTED, add_columns, computed_text, drop_columns, drop_table, index, sql, timestamp, unique, uuid,
};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000002_customer", up, down, shared: Some(SHARED) };

const SHARED: SharedStep = SharedStep { up: shared_up, down: shared_down };

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

/// The columns that a shop does not have, with their types on PostgreSQL.
const COLUMNS: [(&str, &str); 8] = [
    ("version", "integer NOT NULL DEFAULT 1"),
    ("token_generation", "bigint NOT NULL DEFAULT 0"),
    ("email_verified_at", "timestamp with time zone"),
    ("pending_email", "varchar"),
    ("event_sequence", "bigint NOT NULL DEFAULT 0"),
    ("email_key", PG_COMPUTED),
    ("email_unicode", PG_COMPUTED),
    ("search_text", "text NOT NULL DEFAULT ''"),
];

/// The guards have created the functions: the program can't read an infinite time either, and the key of an address is NULL if
/// only the program can compute it.
const FILL: Fill = Fill {
    table: TABLE,
    key: "customer_id",
    set: r#""full_name" = coalesce("full_name", ''),
"created_at" = patron_guard_time("created_at", patron_guard_time("updated_at", CURRENT_TIMESTAMP)),
"updated_at" = patron_guard_time("updated_at", patron_guard_time("created_at", CURRENT_TIMESTAMP)),
"status" = CASE WHEN "status" IN (0, 1) THEN "status" ELSE 0 END,
"email_key" = coalesce("email_key", patron_plain_email_key("email"))"#,
    condition: r#""full_name" IS NULL OR "status" NOT IN (0, 1) OR "email_key" IS NULL
OR patron_guard_time("created_at", NULL) IS NULL OR patron_guard_time("updated_at", NULL) IS NULL"#,
};

fn shared_up() -> Vec<Change> {
    let mut changes = vec![Change::Statement(add_columns(TABLE, &COLUMNS)), Change::Fill(FILL)];
    // All but the table.
    changes.extend(up(DbBackend::Postgres).into_iter().skip(1).map(Change::of));
    changes.extend(
        ["full_name", "created_at", "updated_at"].map(|column| Change::NotNull { table: TABLE, column }),
    );
    changes
}

fn shared_down() -> Vec<Change> {
    vec![Change::Statement(drop_columns(TABLE, &COLUMNS.map(|(name, _)| name)))]
}
