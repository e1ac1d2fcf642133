//! Second factors of admins. They are deleted with their admin. A factor without `confirmed_at` is pending: it is not asked
//! for yet.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, sql, timestamp};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000018_admin_second_factor", up, down, shared: None };

const TABLE: &str = "admin_second_factor";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(integer("admin_user_id").primary_key())
        .col(blob("secret"))
        .col(big_integer("last_step").default(0))
        .col(timestamp(backend, "created_at"))
        .col(timestamp_with_time_zone_null("confirmed_at"))
        .foreign_key(
            ForeignKey::create()
                .name("admin_second_factor_admin_user_id_fkey")
                .from(TABLE, "admin_user_id")
                .to("admin_user", "admin_user_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![sql(backend, &table)]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
