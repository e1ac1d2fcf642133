//! Hashes of e-mail verification tokens. They are deleted with their customer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000009_verify_email_token", up, down, shared: None };

const TABLE: &str = "verify_email_token";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("verify_email_token_id"))
        .col(integer("customer_id"))
        .col(string("email"))
        .col(string("token").unique_key())
        .col(timestamp(backend, "created_at"))
        .foreign_key(
            ForeignKey::create()
                .name("verify_email_token_customer_id_fkey")
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
