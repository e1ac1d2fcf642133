//! The connection for the statements of an adoption, without the limits of time that requests have: building an index takes
//! as long as it takes.

use std::sync::Arc;
use std::time::Duration;

use sea_orm_migration::sea_orm::sqlx::ConnectOptions;
use sea_orm_migration::sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxPostgresConnector, sqlx,
};

/// Settings that a role may have. Zero disables the limit.
const UNLIMITED: [(&str, &str); 3] =
    [("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_in_transaction_session_timeout", "0")];

/// Opens a connection to the same database.
pub(super) async fn open(db: &DatabaseConnection) -> Result<DatabaseConnection, DbErr> {
    // One connection, which stays open.
    let pool =
        PgPoolOptions::new().max_connections(1).max_lifetime(None::<Duration>).idle_timeout(None::<Duration>);
    let pool = pool.connect_with(options(db)?).await.map_err(connection_error)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// The options of the pool, without limits of time.
pub(super) fn options(db: &DatabaseConnection) -> Result<PgConnectOptions, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        let text = "only a PostgreSQL database can be adopted: set DATABASE_URL to the shop's database";
        return Err(DbErr::Migration(text.to_owned()));
    }
    let options = db.get_postgres_connection_pool().connect_options();
    // An index that takes minutes is not a slow statement, which would be logged.
    Ok(PgConnectOptions::clone(&options).options(UNLIMITED).disable_statement_logging())
}

/// The database can't be reached.
pub(super) fn connection_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
