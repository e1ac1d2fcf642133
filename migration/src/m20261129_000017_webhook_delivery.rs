//! Deliveries of events to webhook endpoints.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000017_webhook_delivery", up, down, shared: None };

const TABLE: &str = "webhook_delivery";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("webhook_delivery_id"))
        .col(uuid(backend))
        .col(big_integer("webhook_endpoint_id"))
        .col(big_integer("journal_entry_id"))
        .col(uuid_null("customer_uuid"))
        .col(string("status").default("pending"))
        .col(integer("attempts").default(0))
        .col(small_integer_null("response_status"))
        .col(integer_null("duration_ms"))
        .col(text_null("last_error"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp_with_time_zone_null("first_attempt_at"))
        .col(timestamp(backend, "next_attempt_at"))
        .col(timestamp_with_time_zone_null("delivered_at"))
        .foreign_key(
            ForeignKey::create()
                .name("webhook_delivery_webhook_endpoint_id_fkey")
                .from(TABLE, "webhook_endpoint_id")
                .to("webhook_endpoint", "webhook_endpoint_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("webhook_delivery_journal_entry_id_fkey")
                .from(TABLE, "journal_entry_id")
                .to("journal_entry", "journal_entry_id"),
        )
        .take();
    vec![
        sql(backend, &table),
        index(backend, TABLE, &["webhook_endpoint_id", "status", "next_attempt_at"]),
        index(backend, TABLE, &["webhook_endpoint_id", "customer_uuid", "status"]),
        index(backend, TABLE, &["status", "delivered_at"]),
        index(backend, TABLE, &["journal_entry_id"]),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
