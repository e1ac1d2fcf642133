//! A database that EverShop uses as well, on PostgreSQL: `schema.sql` has the tables of EverShop, which patron has adopted. The
//! statements of EverShop run on a connection without patron's mark.

mod guards;
mod mark;
mod passwords;
mod sessions;
mod shop_changes;

use patron::db::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// The texts that a query returns.
async fn texts(db: &Database, query: &str) -> Vec<String> {
    let rows = db.reader().query_all_raw(Statement::from_string(DbBackend::Postgres, query)).await;
    let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}
