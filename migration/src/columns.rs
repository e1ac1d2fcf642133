//! Columns and statements that several tables have in common.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, StatementBuilder};

/// The statement in the database's dialect.
pub(crate) fn sql(backend: DbBackend, statement: &impl StatementBuilder) -> String {
    backend.build(statement).sql
}

/// `uuid`, unique, filled in by the database when an insert leaves it out.
pub(crate) fn uuid(backend: DbBackend) -> ColumnDef {
    unindexed_uuid(backend).unique_key().take()
}

/// The same without an index, for a table that is read in another order: an index of random values is the most expensive
/// part of a row that is only ever inserted.
pub(crate) fn unindexed_uuid(backend: DbBackend) -> ColumnDef {
    let default = match backend {
        DbBackend::Postgres => "gen_random_uuid()",
        _ => "(randomblob(16))",
    };
    ColumnDef::new("uuid").uuid().not_null().default(Expr::cust(default)).take()
}

/// A timestamp in UTC, the current time when an insert leaves it out. SQLite has no such type: its text has the form that
/// the driver writes, so that texts compare as timestamps do.
pub(crate) fn timestamp(backend: DbBackend, name: &'static str) -> ColumnDef {
    let default = match backend {
        DbBackend::Postgres => "CURRENT_TIMESTAMP",
        _ => "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))",
    };
    ColumnDef::new(name).timestamp_with_time_zone().not_null().default(Expr::cust(default)).take()
}

/// A text that the program computes from another column; NULL until it has. PostgreSQL compares it by code point, as SQLite
/// does: an index in the order of a locale breaks when the operating system changes that order.
pub(crate) fn computed_text(backend: DbBackend, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match backend {
        DbBackend::Postgres => column.custom(r#"varchar COLLATE "C""#),
        _ => column.string(),
    };
    column.null().take()
}

/// An index over these columns, named after them.
pub(crate) fn index(backend: DbBackend, table: &'static str, columns: &[&'static str]) -> String {
    let name = format!("{table}_{}_idx", columns.join("_"));
    sql(backend, over(table, columns).name(name))
}

/// A unique index over these columns, named after them.
pub(crate) fn unique(backend: DbBackend, table: &'static str, columns: &[&'static str]) -> String {
    let name = format!("{table}_{}_key", columns.join("_"));
    sql(backend, over(table, columns).name(name).unique())
}

fn over(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().table(table).if_not_exists().take();
    for column in columns {
        index.col(*column);
    }
    index
}

/// Drops a table with its indexes.
pub(crate) fn drop_table(backend: DbBackend, table: &'static str) -> Vec<String> {
    vec![sql(backend, &Table::drop().table(table).if_exists().take())]
}
