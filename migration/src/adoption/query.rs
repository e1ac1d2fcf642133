//! Reads single values.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr, Statement, TryGetable, Value};

/// The first column of the only row.
pub(super) async fn value<T: TryGetable>(db: &impl ConnectionTrait, sql: &str) -> Result<T, DbErr> {
    value_with(db, sql, []).await
}

/// As [`value`], with parameters.
pub(super) async fn value_with<T: TryGetable, const N: usize>(
    db: &impl ConnectionTrait,
    sql: &str,
    parameters: [Value; N],
) -> Result<T, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, parameters);
    match db.query_one_raw(statement).await? {
        Some(row) => row.try_get_by_index(0),
        None => Err(DbErr::RecordNotFound(format!("the database returned no row for: {sql}"))),
    }
}
