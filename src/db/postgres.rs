//! PostgreSQL: its pool, and the settings that patron relies on.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection, DbErr, Statement};

use super::database::{Database, with_metrics};
use crate::error::{Error, Result};
use crate::telemetry::metrics::DatabaseMetrics;

/// The settings of PostgreSQL that patron relies on: name, required value, remedy. patron sets other settings itself, or
/// does not depend on them.
const REQUIRED_SETTINGS: [(&str, &str, &str); 5] = [
    ("server_encoding", "UTF8", "create the database with ENCODING 'UTF8' TEMPLATE template0"),
    ("client_encoding", "UTF8", "let the connection pooler pass it on"),
    ("standard_conforming_strings", "on", "ALTER DATABASE or ALTER ROLE … RESET standard_conforming_strings"),
    (
        "default_transaction_isolation",
        "read committed",
        "ALTER DATABASE or ALTER ROLE … RESET default_transaction_isolation",
    ),
    // Any other value disables foreign keys, and a customer's rows would not be deleted with the customer.
    ("session_replication_role", "origin", "ALTER DATABASE or ALTER ROLE … RESET session_replication_role"),
];

/// Reads the required settings. The result omits settings that the database server does not know.
const SELECT_SETTINGS: &str = "SELECT name, setting FROM pg_settings WHERE name IN ('server_encoding', \
    'client_encoding', 'standard_conforming_strings', 'default_transaction_isolation', 'session_replication_role')";

/// Opens the pool lazily.
pub(super) async fn connect(
    mut options: ConnectOptions,
    statement_timeout: Duration,
) -> std::result::Result<Database, DbErr> {
    options.connect_lazy(true).statement_timeout(statement_timeout).set_application_name("patron");
    // PostgreSQL compiles a statement whose estimated cost is high. That takes longer than reading a page, whose cost is
    // estimated as if all rows were read.
    options.map_sqlx_postgres_opts(|options| options.options([("jit", "off")]));
    let metrics = DatabaseMetrics::default();
    let pool = with_metrics(SeaOrm::connect(options).await?, &metrics);
    Ok(Database::of(pool.clone(), pool.clone(), pool, metrics))
}

/// Checks the settings of a pooled connection.
///
/// # Errors
/// [`Error::DatabaseUnusable`] with the setting and the remedy.
pub(super) async fn ensure_settings(connection: &DatabaseConnection) -> Result<()> {
    let select = Statement::from_string(connection.get_database_backend(), SELECT_SETTINGS);
    for row in connection.query_all_raw(select).await? {
        let (name, value): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let required = REQUIRED_SETTINGS.iter().find(|(required, ..)| *required == name);
        if let Some((_, expected, remedy)) = required.filter(|(_, expected, _)| *expected != value) {
            let text = format!("{name} is {value}, and patron needs {expected}: {remedy}");
            return Err(Error::DatabaseUnusable(text));
        }
    }
    Ok(())
}
