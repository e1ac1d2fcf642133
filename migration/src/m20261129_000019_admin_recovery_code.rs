//! Hashes of the recovery codes of admins. A code that was used is deleted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, index, sql};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000019_admin_recovery_code", up, down, shared: None };

const TABLE: &str = "admin_recovery_code";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(big_pk_auto("admin_recovery_code_id"))
        .col(integer("admin_user_id"))
        .col(string("code"))
        .foreign_key(
            ForeignKey::create()
                .name("admin_recovery_code_admin_user_id_fkey")
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
