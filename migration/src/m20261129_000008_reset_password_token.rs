//! Hashes of password reset tokens. They are deleted with their customer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::adoption::{Change, SharedStep};
use crate::columns::{drop_table, index, sql, timestamp, unique};
use crate::step::Step;

pub(crate) const STEP: Step =
    Step { name: "m20261129_000008_reset_password_token", up, down, shared: Some(SHARED) };

const SHARED: SharedStep = SharedStep { up: shared_up, down: shared_down };

const TABLE: &str = "reset_password_token";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(pk_auto("reset_password_token_id"))
        .col(integer("customer_id"))
        .col(string("token").unique_key())
        .col(timestamp(backend, "created_at"))
        .foreign_key(
            ForeignKey::create()
                .name("reset_password_token_customer_id_fkey")
                .from(TABLE, "customer_id")
                .to("customer", "customer_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![
        sql(backend, &table),
        index(backend, TABLE, &["customer_id"]),
        index(backend, TABLE, &["created_at"]),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}

fn shared_up() -> Vec<Change> {
    let mut changes = vec![Change::of(unique(DbBackend::Postgres, TABLE, &["token"]))];
    // All but the table.
    changes.extend(up(DbBackend::Postgres).into_iter().skip(1).map(Change::of));
    changes
}

fn shared_down() -> Vec<Change> {
    Vec::new()
}
