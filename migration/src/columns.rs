//! Columns and statements that several migrations share.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, StatementBuilder};

/// The statement in the database's dialect.
pub(crate) fn sql(backend: DbBackend, statement: &impl StatementBuilder) -> String {
    backend.build(statement).sql
}

/// The unique column `uuid`. The database generates a value if an insert omits it.
pub(crate) fn uuid(backend: DbBackend) -> ColumnDef {
    unindexed_uuid(backend).unique_key().take()
}

/// The column `uuid` without an index, for tables that are never read by it: an index of random values is the most
/// expensive part of inserting a row.
pub(crate) fn unindexed_uuid(backend: DbBackend) -> ColumnDef {
    let default = match backend {
        DbBackend::Postgres => "gen_random_uuid()",
        _ => "(randomblob(16))",
    };
    ColumnDef::new("uuid").uuid().not_null().default(Expr::cust(default)).take()
}

/// A timestamp in UTC, by default the current time. SQLite has no type for timestamps. The default has the format that the
/// driver writes, so that the texts sort chronologically.
pub(crate) fn timestamp(backend: DbBackend, name: &'static str) -> ColumnDef {
    let default = match backend {
        DbBackend::Postgres => "CURRENT_TIMESTAMP",
        _ => "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))",
    };
    ColumnDef::new(name).timestamp_with_time_zone().not_null().default(Expr::cust(default)).take()
}

/// A text that the program computes from another column, NULL until then. PostgreSQL compares it by code point, as SQLite
/// does. An index in the order of a locale becomes corrupt when an upgrade of the operating system changes that order.
pub(crate) fn computed_text(backend: DbBackend, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    match backend {
        DbBackend::Postgres => column.custom(PG_COMPUTED),
        _ => column.string(),
    };
    column.null().take()
}

/// An index of these columns, named after them.
pub(crate) fn index(backend: DbBackend, table: &'static str, columns: &[&'static str]) -> String {
    let name = format!("{table}_{}_idx", columns.join("_"));
    sql(backend, over(table, columns).name(name))
}

/// A unique index of these columns, named after them.
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

/// Adds a column to a table that may have it already: PostgreSQL skips the statement, and on SQLite `step.rs` ignores its
/// error. `definition`: name, type and constraints.
pub(crate) fn add_column(backend: DbBackend, table: &'static str, definition: &str) -> String {
    let condition = if backend == DbBackend::Postgres { "IF NOT EXISTS " } else { "" };
    format!(r#"ALTER TABLE "{table}" ADD COLUMN {condition}{definition}"#)
}

/// Adds a timestamp that may be NULL, as [`add_column`] does.
pub(crate) fn add_timestamp(backend: DbBackend, table: &'static str, name: &str) -> String {
    // The types that the schema builder gives to timestamps.
    let kind = match backend {
        DbBackend::Postgres => "timestamp with time zone",
        _ => "timestamp_with_timezone_text",
    };
    add_column(backend, table, &format!(r#""{name}" {kind}"#))
}

/// Drops a column of a table that may lack it already, as [`add_column`] adds it. Its indexes have to be dropped before.
pub(crate) fn drop_column(backend: DbBackend, table: &'static str, name: &str) -> String {
    let condition = if backend == DbBackend::Postgres { "IF EXISTS " } else { "" };
    format!(r#"ALTER TABLE "{table}" DROP COLUMN {condition}"{name}""#)
}

/// Drops an index.
pub(crate) fn drop_index(name: &str) -> String {
    format!(r#"DROP INDEX IF EXISTS "{name}""#)
}

/// Drops a table with its indexes.
pub(crate) fn drop_table(backend: DbBackend, table: &'static str) -> Vec<String> {
    vec![sql(backend, &Table::drop().table(table).if_exists().take())]
}

/// The type of [`computed_text`] on PostgreSQL.
pub(crate) const PG_COMPUTED: &str = r#"varchar COLLATE "C""#;

/// Adds columns to a shared table on PostgreSQL, with one lock of the table. `columns`: names, and types with constraints.
pub(crate) fn add_columns(table: &'static str, columns: &[(&str, &str)]) -> String {
    let add = columns.iter().map(|(name, kind)| format!(r#"ADD COLUMN IF NOT EXISTS "{name}" {kind}"#));
    format!(r#"ALTER TABLE "{table}" {}"#, add.collect::<Vec<_>>().join(", "))
}

/// Drops columns of a shared table on PostgreSQL, as [`add_columns`] adds them.
pub(crate) fn drop_columns(table: &'static str, columns: &[&str]) -> String {
    let drop = columns.iter().map(|name| format!(r#"DROP COLUMN IF EXISTS "{name}""#));
    format!(r#"ALTER TABLE "{table}" {}"#, drop.collect::<Vec<_>>().join(", "))
}
