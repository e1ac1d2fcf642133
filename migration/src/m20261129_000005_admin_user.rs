//! Admin accounts, used by people and scripts of the back office.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::adoption::{Change, Fill, SharedStep};
use crate::columns::{
    PG_COMPUTED, add_columns, computed_text, drop_columns, drop_table, sql, timestamp, unique, uuid,
};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000005_admin_user", up, down, shared: Some(SHARED) };

const SHARED: SharedStep = SharedStep { up: shared_up, down: shared_down };

const TABLE: &str = "admin_user";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(pk_auto("admin_user_id"))
        .col(uuid(backend))
        .col(boolean("status").default(true))
        .col(string("email"))
        .col(string("password"))
        .col(string("full_name"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .col(big_integer("token_generation").default(0))
        .col(computed_text(backend, "email_key"))
        .take();
    vec![sql(backend, &table), unique(backend, TABLE, &["email_key"])]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}

/// The columns that a shop does not have, with their types on PostgreSQL.
const COLUMNS: [(&str, &str); 2] =
    [("token_generation", "bigint NOT NULL DEFAULT 0"), ("email_key", PG_COMPUTED)];

/// The program computes the keys: admins are few, and an address such as admin@localhost is valid for them.
const FILL: Fill = Fill {
    table: TABLE,
    key: "admin_user_id",
    set: r#""full_name" = coalesce("full_name", ''),
"created_at" = patron_guard_time("created_at", patron_guard_time("updated_at", CURRENT_TIMESTAMP)),
"updated_at" = patron_guard_time("updated_at", patron_guard_time("created_at", CURRENT_TIMESTAMP))"#,
    condition: r#""full_name" IS NULL OR patron_guard_time("created_at", NULL) IS NULL OR patron_guard_time("updated_at", NULL) IS NULL"#,
};

fn shared_up() -> Vec<Change> {
    let mut changes = vec![
        Change::Statement(add_columns(TABLE, &COLUMNS)),
        Change::Fill(FILL),
        Change::of(unique(DbBackend::Postgres, TABLE, &["email_key"])),
    ];
    changes.extend(
        ["full_name", "created_at", "updated_at"].map(|column| Change::NotNull { table: TABLE, column }),
    );
    changes
}

fn shared_down() -> Vec<Change> {
    vec![Change::Statement(drop_columns(TABLE, &COLUMNS.map(|(name, _)| name)))]
}
