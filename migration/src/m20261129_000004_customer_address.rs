//! Addresses of customers. They are deleted with their customer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::adoption::{Change, Fill, SharedStep};
use crate::columns::{add_columns, drop_columns, drop_table, index, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step =
    Step { name: "m20261129_000004_customer_address", up, down, shared: Some(SHARED) };

const SHARED: SharedStep = SharedStep { up: shared_up, down: shared_down };

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

const FILL: Fill = Fill {
    table: TABLE,
    key: "customer_address_id",
    set: r#""is_default" = coalesce("is_default", FALSE),
"created_at" = patron_guard_time("created_at", patron_guard_time("updated_at", CURRENT_TIMESTAMP)),
"updated_at" = patron_guard_time("updated_at", patron_guard_time("created_at", CURRENT_TIMESTAMP))"#,
    condition: r#""is_default" IS NULL OR patron_guard_time("created_at", NULL) IS NULL OR patron_guard_time("updated_at", NULL) IS NULL"#,
};

fn shared_up() -> Vec<Change> {
    let mut changes = vec![
        Change::Statement(add_columns(TABLE, &[("version", "integer NOT NULL DEFAULT 1")])),
        Change::Statement(format!(r#"ALTER TABLE "{TABLE}" ALTER COLUMN "is_default" SET DEFAULT FALSE"#)),
        Change::Fill(FILL),
        // The shop has an index of the customer.
        Change::of(ONE_DEFAULT.to_owned()),
    ];
    changes.extend(
        ["is_default", "created_at", "updated_at"].map(|column| Change::NotNull { table: TABLE, column }),
    );
    changes
}

fn shared_down() -> Vec<Change> {
    vec![
        Change::Statement(format!(r#"ALTER TABLE "{TABLE}" ALTER COLUMN "is_default" DROP DEFAULT"#)),
        Change::Statement(drop_columns(TABLE, &["version"])),
    ]
}
