//! When each admin last changed something. It decides whether a list may be read from a replica. Only PostgreSQL with
//! replicas has rows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, sql, timestamp};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261130_000060_admin_write", up, down, shared: None };

const TABLE: &str = "admin_write";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(integer("admin_user_id").primary_key())
        .col(timestamp(backend, "written_at"))
        .foreign_key(
            ForeignKey::create()
                .name("admin_write_admin_user_id_fkey")
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
