//! The values of custom fields in an indexed form, for filters. They are copies of `customer.meta_data`.
//!
//! Customers whose values are not copied yet, because they are older or were inserted by another program, are marked by
//! the column `metafields_indexed`. The worker copies their values.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{add_column, drop_column, drop_index, drop_table, index, sql};
use crate::step::Step;

pub(crate) const STEP: Step =
    Step { name: "m20261129_000041_customer_metafield_value", up, down, shared: None };

const TABLE: &str = "customer_metafield_value";

/// The customers whose values are not copied yet; without free-form data there is nothing to copy. The condition is the
/// same text as in the query.
const MISSING: &str = r#"CREATE INDEX IF NOT EXISTS "customer_metafields_missing_idx" ON "customer" ("customer_id")
WHERE NOT "metafields_indexed" AND "meta_data" <> '{}'"#;

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(folded(backend, "name"))
        .col(folded(backend, "value_key"))
        .col(integer("customer_id"))
        .primary_key(Index::create().col("name").col("value_key").col("customer_id"))
        .foreign_key(
            ForeignKey::create()
                .name("customer_metafield_value_customer_id_fkey")
                .from(TABLE, "customer_id")
                .to("customer", "customer_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![
        sql(backend, &table),
        index(backend, TABLE, &["customer_id", "name"]),
        add_column(backend, "customer", r#""metafields_indexed" boolean NOT NULL DEFAULT FALSE"#),
        MISSING.to_owned(),
    ]
}

/// A text of the program, compared by code point as in `computed_text`.
fn folded(backend: DbBackend, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match backend {
        DbBackend::Postgres => column.custom(r#"varchar COLLATE "C""#),
        _ => column.string(),
    };
    column.not_null().take()
}

fn down(backend: DbBackend) -> Vec<String> {
    let mut statements = vec![
        drop_index("customer_metafields_missing_idx"),
        drop_column(backend, "customer", "metafields_indexed"),
    ];
    statements.extend(drop_table(backend, TABLE));
    statements
}
