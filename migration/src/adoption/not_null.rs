//! NOT NULL for columns of large tables. PostgreSQL would read all rows while it keeps the shop out. A constraint that says
//! the same is checked while the shop writes, and makes that unnecessary.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::{query, retry};

/// Makes a column NOT NULL.
pub(super) async fn add(db: &impl ConnectionTrait, table: &str, column: &str) -> Result<(), DbErr> {
    let select = format!(
        r#"SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass('"{table}"') AND attname = '{column}'"#
    );
    if query::value(db, &select).await? {
        return Ok(());
    }
    let check = check_name(table, column);
    let select = format!(
        r#"SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('"{table}"') AND conname = '{check}')"#
    );
    if !query::value::<bool>(db, &select).await? {
        let add = format!(
            r#"ALTER TABLE "{table}" ADD CONSTRAINT "{check}" CHECK ("{column}" IS NOT NULL) NOT VALID"#
        );
        retry::execute(db, &add).await?;
    }
    retry::execute_alone(db, &format!(r#"ALTER TABLE "{table}" VALIDATE CONSTRAINT "{check}""#)).await?;
    let set = format!(
        r#"ALTER TABLE "{table}" ALTER COLUMN "{column}" SET NOT NULL;
ALTER TABLE "{table}" DROP CONSTRAINT "{check}""#
    );
    retry::execute(db, &set).await
}

/// Allows NULL again, also if [`add`] was interrupted.
pub(super) async fn remove(db: &impl ConnectionTrait, table: &str, column: &str) -> Result<(), DbErr> {
    let check = check_name(table, column);
    let drop = format!(
        r#"ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP NOT NULL, DROP CONSTRAINT IF EXISTS "{check}""#
    );
    retry::execute(db, &drop).await
}

fn check_name(table: &str, column: &str) -> String {
    format!("patron_{table}_{column}_not_null")
}
