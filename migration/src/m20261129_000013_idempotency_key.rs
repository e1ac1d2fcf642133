//! Stored responses of requests with an `Idempotency-Key`, for repeated requests.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000013_idempotency_key", up, down, shared: None };

const TABLE: &str = "idempotency_key";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(string("scope").primary_key())
        .col(string("fingerprint"))
        .col(blob_null("answer"))
        .col(uuid_null("customer_uuid"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "expires_at"))
        .col(string("caller").default(""))
        .take();
    vec![
        sql(backend, &table),
        index(backend, TABLE, &["customer_uuid"]),
        index(backend, TABLE, &["expires_at"]),
        index(backend, TABLE, &["caller", "created_at"]),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
