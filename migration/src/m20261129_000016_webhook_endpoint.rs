//! Webhook endpoints: URLs that receive events.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000016_webhook_endpoint", up, down, shared: None };

const TABLE: &str = "webhook_endpoint";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("webhook_endpoint_id"))
        .col(uuid(backend))
        .col(string("url"))
        .col(string("description").default(""))
        .col(json_binary("events"))
        .col(boolean("enabled").default(true))
        .col(blob("secret"))
        .col(blob_null("previous_secret"))
        .col(timestamp_with_time_zone_null("previous_secret_expires_at"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .take();
    vec![sql(backend, &table)]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
