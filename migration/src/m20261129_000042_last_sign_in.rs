//! When a customer last logged in: for the order and the filter of lists.
//!
//! Sessions that are older, or that an earlier release started, are marked by the column `sign_in_recorded`. The worker
//! records their logins.

use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{add_column, add_timestamp, drop_column, drop_index, index};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000042_last_sign_in", up, down, shared: None };

const TABLE: &str = "customer";
const SESSIONS: &str = "customer_session";

/// The sessions whose logins are not recorded yet. The condition is the same text as in the query.
const MISSING: &str = r#"CREATE INDEX IF NOT EXISTS "customer_session_sign_in_missing_idx"
ON "customer_session" ("customer_session_id") WHERE NOT "sign_in_recorded""#;

/// Never is before every time. PostgreSQL has it after them, unless the index says otherwise; SQLite has it before them.
const POSTGRES_INDEX: &str = r#"CREATE INDEX IF NOT EXISTS "customer_last_sign_in_at_customer_id_idx"
ON "customer" ("last_sign_in_at" NULLS FIRST, "customer_id")"#;

fn up(backend: DbBackend) -> Vec<String> {
    let in_order = match backend {
        DbBackend::Postgres => POSTGRES_INDEX.to_owned(),
        _ => index(backend, TABLE, &["last_sign_in_at", "customer_id"]),
    };
    vec![
        add_timestamp(backend, TABLE, "last_sign_in_at"),
        in_order,
        add_column(backend, SESSIONS, r#""sign_in_recorded" boolean NOT NULL DEFAULT FALSE"#),
        MISSING.to_owned(),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    vec![
        drop_index("customer_session_sign_in_missing_idx"),
        drop_column(backend, SESSIONS, "sign_in_recorded"),
        drop_index("customer_last_sign_in_at_customer_id_idx"),
        drop_column(backend, TABLE, "last_sign_in_at"),
    ]
}
