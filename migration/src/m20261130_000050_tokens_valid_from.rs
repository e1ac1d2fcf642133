//! Since when tokens are valid that have no generation, because a shop on the same database has issued them.

use sea_orm_migration::sea_orm::DbBackend;

use crate::columns::{add_timestamp, drop_column};
use crate::step::Step;

pub(crate) const STEP: Step = Step { name: "m20261130_000050_tokens_valid_from", up, down, shared: None };

const TABLES: [&str; 2] = ["customer", "admin_user"];
const COLUMN: &str = "tokens_valid_from";

fn up(backend: DbBackend) -> Vec<String> {
    TABLES.map(|table| add_timestamp(backend, table, COLUMN)).to_vec()
}

fn down(backend: DbBackend) -> Vec<String> {
    TABLES.map(|table| drop_column(backend, table, COLUMN)).to_vec()
}
