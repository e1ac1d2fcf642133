//! Addresses of customers. They are deleted with their customer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000004_customer_address", up, down };

const TABLE: &str = "customer_address";

/// Allows at most one default address for each customer. The builder does not support partial indexes.
const ONE_DEFAULT: &str = r#"CREATE UNIQUE INDEX IF NOT EXISTS "customer_address_default_key"
ON "customer_address" ("customer_id") WHERE "is_default""#;

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(pk_auto("customer_address_id"))
        .col(uuid(backend))
        .col(integer("customer_id"))
        .col(string_null("full_name"))
        .col(string_null("telephone"))
        .col(string_null("address_1"))
        .col(string_null("address_2"))
        .col(string_null("postcode"))
        .col(string_null("city"))
        .col(string_null("province"))
        .col(string("country"))
        .col(boolean("is_default").default(false))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .col(integer("version").default(1))
        .foreign_key(
            ForeignKey::create()
                .name("customer_address_customer_id_fkey")
                .from(TABLE, "customer_id")
                .to("customer", "customer_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![sql(backend, &table), index(backend, TABLE, &["customer_id"]), ONE_DEFAULT.to_owned()]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
