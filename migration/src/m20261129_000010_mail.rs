//! Queued, sent and failed mails.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000010_mail", up, down, shared: None };

const TABLE: &str = "mail";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("mail_id"))
        .col(uuid(backend))
        .col(integer_null("customer_id"))
        .col(string("kind"))
        .col(string("recipient"))
        .col(string("status").default("pending"))
        .col(integer("attempts").default(0))
        .col(text_null("last_error"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "next_attempt_at"))
        .col(timestamp(backend, "give_up_at"))
        .col(timestamp_with_time_zone_null("sent_at"))
        .foreign_key(
            ForeignKey::create()
                .name("mail_customer_id_fkey")
                .from(TABLE, "customer_id")
                .to("customer", "customer_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![
        sql(backend, &table),
        index(backend, TABLE, &["customer_id"]),
        index(backend, TABLE, &["status", "next_attempt_at"]),
    ]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
