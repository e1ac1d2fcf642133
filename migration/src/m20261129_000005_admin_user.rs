//! Admin accounts, used by people and scripts of the back office.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{computed_text, drop_table, sql, timestamp, unique, uuid};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000005_admin_user", up, down };

const TABLE: &str = "admin_user";

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(pk_auto("admin_user_id"))
        .col(uuid(backend))
        .col(boolean("status").default(true))
        .col(string("email"))
        .col(string("password"))
        .col(string("full_name"))
        .col(timestamp(backend, "created_at"))
        .col(timestamp(backend, "updated_at"))
        .col(big_integer("token_generation").default(0))
        .col(computed_text(backend, "email_key"))
        .take();
    vec![sql(backend, &table), unique(backend, TABLE, &["email_key"])]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
