//! Columns that every table has, written once.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// `uuid`, unique, filled in by the database when an insert leaves it out.
pub(crate) fn uuid(manager: &SchemaManager) -> ColumnDef {
    unindexed_uuid(manager).unique_key().take()
}

/// The same for a table that is only read in another order: an index of random values is what costs most of a row that
/// is only ever added.
pub(crate) fn unindexed_uuid(manager: &SchemaManager) -> ColumnDef {
    let default = match manager.get_database_backend() {
        DbBackend::Postgres => "gen_random_uuid()",
        _ => "(randomblob(16))",
    };
    ColumnDef::new("uuid").uuid().not_null().default(Expr::cust(default)).take()
}

/// A moment in UTC, the present one when an insert leaves it out. SQLite has no such type: there the text
/// is written in the very form the driver writes, so that comparing texts is comparing moments.
pub(crate) fn timestamp(manager: &SchemaManager, name: &'static str) -> ColumnDef {
    let default = match manager.get_database_backend() {
        DbBackend::Postgres => "CURRENT_TIMESTAMP",
        _ => "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))",
    };
    ColumnDef::new(name).timestamp_with_time_zone().not_null().default(Expr::cust(default)).take()
}

/// A unique index on an e-mail address whatever its case. Only ASCII letters can differ: the service stores
/// all others in lower case.
pub(crate) async fn unique_email(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    unique_folded(manager, table, "email", &format!("{table}_email_key")).await
}

/// A unique index on a text whatever the case of its ASCII letters. SQLite folds no others and PostgreSQL folds
/// them by locale; the "C" collation makes PostgreSQL agree with SQLite everywhere.
pub(crate) async fn unique_folded(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    index: &str,
) -> Result<(), DbErr> {
    let collation = match manager.get_database_backend() {
        DbBackend::Postgres => r#" COLLATE "C""#,
        _ => "",
    };
    let sql = format!(r#"CREATE UNIQUE INDEX "{index}" ON "{table}" (lower("{column}"{collation}))"#);
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// An index over these columns, named after them.
pub(crate) async fn index(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    let mut index =
        Index::create().name(format!("{table}_{}_idx", columns.join("_"))).table(table.to_owned()).take();
    for column in columns {
        index.col((*column).to_owned());
    }
    manager.create_index(index).await
}
