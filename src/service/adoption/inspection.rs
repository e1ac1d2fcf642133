//! The queries of a check: all of them read the same snapshot of the database, in a transaction that can't write.

use std::time::Duration;

use migration::adoption::{self, Adoption};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, QueryResult, Statement,
    TransactionTrait, TryGetable, Value,
};

use super::report::MAX_EXAMPLES;
use crate::config::DatabaseConfig;
use crate::db::Database;
use crate::error::{Error, Result};

/// The time limit of a query: it may read a whole table.
const QUERY_TIMEOUT: Duration = Duration::from_secs(600);

/// A read-only transaction on a connection with a longer statement timeout than that of requests.
pub(super) struct Inspection {
    database: Database,
    transaction: DatabaseTransaction,
}

/// Rows of a table that a finding is about.
pub(super) struct Found {
    pub(super) count: u64,
    pub(super) examples: Vec<String>,
}

impl Found {
    /// Adds a row, as an example while there are few.
    pub(super) fn add(&mut self, example: String) {
        self.add_many(1, example);
    }

    /// Adds rows that have one example.
    pub(super) fn add_many(&mut self, count: u64, example: String) {
        self.count += count;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(example);
        }
    }
}

impl Inspection {
    pub(super) async fn begin(config: &DatabaseConfig) -> Result<Self> {
        let config =
            DatabaseConfig { statement_timeout: QUERY_TIMEOUT, max_connections: 1, ..config.clone() };
        let database = Database::connect(&config).await?;
        // Chooses among several hosts.
        database.ensure_usable().await?;
        let (isolation, access) = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
        let transaction = database.migration_connection().begin_with_config(isolation, access).await?;
        // A statement that waits for a lock of the shop would make others wait behind it.
        transaction.execute_unprepared("SET LOCAL lock_timeout = '10s'").await?;
        Ok(Self { database, transaction })
    }

    pub(super) async fn end(self) -> Result<()> {
        self.transaction.rollback().await?;
        Ok(self.database.close().await?)
    }

    /// The adoption that was interrupted, if there is one.
    pub(super) async fn adoption(&self) -> Result<Option<Adoption>> {
        Ok(adoption::read(&self.transaction).await?)
    }

    /// The rows of a query.
    pub(super) async fn rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        Ok(self.transaction.query_all_raw(statement).await?)
    }

    /// The only value of a query.
    pub(super) async fn value<T: TryGetable>(&self, sql: &str) -> Result<T> {
        let rows = self.rows(sql, []).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a query of the check returned no row"))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// A number of rows.
    pub(super) async fn count(&self, sql: &str) -> Result<u64> {
        let count: i64 = self.value(sql).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The texts of a query that selects one column.
    pub(super) async fn texts(&self, sql: &str) -> Result<Vec<String>> {
        let rows = self.rows(sql, []).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// Counts the rows of a table for which the condition holds, with some examples. `None` without such a row.
    pub(super) async fn find(&self, table: &str, condition: &str) -> Result<Option<Found>> {
        let count = self.count(&format!(r#"SELECT count(*) FROM "{table}" WHERE {condition}"#)).await?;
        if count == 0 {
            return Ok(None);
        }
        let (example, key) = (example_of(table), format!("{table}_id"));
        let select = format!(
            r#"SELECT {example} FROM "{table}" WHERE {condition} ORDER BY "{key}" LIMIT {MAX_EXAMPLES}"#
        );
        Ok(Some(Found { count, examples: self.texts(&select).await? }))
    }

    /// Whether the schema of the search path has this table.
    pub(super) async fn has_table(&self, table: &str) -> Result<bool> {
        self.value(&format!(r#"SELECT to_regclass('"{table}"') IS NOT NULL"#)).await
    }
}

/// The expression that identifies a row for an operator.
fn example_of(table: &str) -> String {
    let name = match table {
        "customer" | "admin_user" => "email",
        "customer_group" => "group_name",
        "metafield_definition" => "namespace || '.' || field_key",
        "customer_address" => "'customer ' || customer_id",
        _ => return format!("{table}_id::text"),
    };
    format!("{table}_id || ' ' || coalesce({name}, '')")
}
