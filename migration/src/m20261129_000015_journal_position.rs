//! The last assigned position in the events feed, and the position up to which entries have expired. A single row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{drop_table, sql};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261129_000015_journal_position", up, down, shared: None };

const TABLE: &str = "journal_position";

const FIRST: &str = r#"INSERT INTO "journal_position" ("journal_position_id", "position")
VALUES (1, 0) ON CONFLICT DO NOTHING"#;

fn up(backend: DbBackend) -> Vec<String> {
    let table = Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(integer("journal_position_id").primary_key())
        .col(big_integer("position"))
        .col(big_integer("expired_position").default(0))
        .take();
    vec![sql(backend, &table), FIRST.to_owned()]
}

fn down(backend: DbBackend) -> Vec<String> {
    drop_table(backend, TABLE)
}
