//! Saved views of admins: named filters of the list of customers. They are deleted with their admin.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql, timestamp, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000030_saved_view", up, down, shared: None };

const TABLE: &str = "saved_view";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("saved_view_id"))
        .col(uuid(backend))
        .col(integer("admin_user_id"))
        .col(string("name"))
        .col(text("query"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .foreign_key(
            ForeignKey::create()
                .name("saved_view_admin_user_id_fkey")
                .from(TABLE, "admin_user_id")
                .to("admin_user", "admin_user_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    vec![sql(backend, &table), index(backend, TABLE, &["admin_user_id"])]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
