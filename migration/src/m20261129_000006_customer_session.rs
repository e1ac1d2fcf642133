//! Sessions of customers. They are deleted with their customer. A refresh changes no indexed column, so PostgreSQL does not
//! write to any index (a heap-only tuple update).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000006_customer_session", up, down, shared: None };

const TABLE: &str = "customer_session";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("customer_session_id"))
        .col(uuid(backend))
        .col(integer("customer_id"))
        .col(string_null("user_agent"))
        .col(string_null("ip_address"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "last_used_at"))
        .col(timestamp(backend, "expires_at"))
        .col(big_integer("refresh_count").default(0))
        .col(string_null("last_refresh_token"))
        .foreign_key(
            ForeignKey::create()
                .name("customer_session_customer_id_fkey")
                .from(TABLE, "customer_id")
                .to("customer", "customer_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![sql(backend, &table), index(backend, TABLE, &["customer_id"])]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
