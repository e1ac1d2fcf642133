//! Counters of failed logins and of requests that are shared by all instances.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000011_throttle", up, down, shared: None };

const TABLE: &str = "throttle";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(string("key").primary_key())
        .col(integer("count").default(0))
        .col(timestamp(backend, "since"))
        .col(timestamp(backend, "updated_at"))
        .col(timestamp_with_time_zone_null("blocked_until"))
        .take();
    vec![sql(backend, &table), index(backend, TABLE, &["updated_at"])]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
