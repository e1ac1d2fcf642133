//! Connections by which statements run one by one, and on which transactions begin.
//!
//! On SQLite they are sea-orm's. On PostgreSQL, statements run on held connections (`held_connection.rs`), which have
//! deadlines.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{PgPool, Postgres};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait, sqlx,
};

use super::held_connection::HeldConnection;
use super::host_selection::HostSelection;
use super::open_transaction::OpenTransaction;
use super::postgres_server::PostgresServer;
use super::server_error::{acquire_error, is_of_server};
use crate::config::Pooler;
use crate::telemetry::metrics::PoolConnections;

/// The pause after a connection could not be opened, before the hosts are searched again.
const REPEAT_PAUSE: Duration = Duration::from_millis(20);

/// Connections to the database. Clones use the same connections.
#[derive(Clone, Debug)]
pub struct DatabasePool(PoolBackend);

#[derive(Clone, Debug)]
enum PoolBackend {
    Sqlite(DatabaseConnection),
    Postgres(Arc<PostgresConnections>),
}

/// The pool of PostgreSQL with what is known of its server.
#[derive(Debug)]
pub(super) struct PostgresConnections {
    pub(super) pool: PgPool,
    pub(super) server: Arc<PostgresServer>,
    pub(super) hosts: Option<Arc<HostSelection>>,
}

impl DatabasePool {
    pub(super) fn of_sqlite(connection: DatabaseConnection) -> Self {
        Self(PoolBackend::Sqlite(connection))
    }

    pub(super) fn of_postgres(connections: PostgresConnections) -> Self {
        Self(PoolBackend::Postgres(Arc::new(connections)))
    }

    /// Begins a transaction. On SQLite it takes the write lock at once: a transaction that reads first could not write any more
    /// after another process has written (`SQLITE_BUSY_SNAPSHOT`).
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn begin(&self) -> Result<OpenTransaction, DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                Ok(OpenTransaction::of_sqlite(connection.begin_with_options(options).await?))
            }
            PoolBackend::Postgres(connections) => {
                let mut held = connections.hold().await?;
                held.begin().await?;
                Ok(OpenTransaction::of_postgres(held))
            }
        }
    }

    /// Closes all connections. Waits for connections in use.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => connection.close_by_ref().await,
            PoolBackend::Postgres(connections) => {
                connections.pool.close().await;
                Ok(())
            }
        }
    }

    /// The numbers of connections, under this name.
    pub(super) fn count(&self, name: &'static str) -> PoolConnections {
        match &self.0 {
            PoolBackend::Sqlite(connection) => count(name, connection.get_sqlite_connection_pool()),
            PoolBackend::Postgres(connections) => connections.count(name),
        }
    }
}

impl PostgresConnections {
    /// The numbers of connections, under this name.
    pub(super) fn count(&self, name: &'static str) -> PoolConnections {
        count(name, &self.pool)
    }

    /// A connection for a transaction.
    async fn hold(&self) -> Result<HeldConnection, DbErr> {
        let acquired = match &self.hosts {
            None => self.pool.acquire().await.map_err(acquire_error),
            Some(hosts) => {
                let acquired = tokio::time::timeout(self.server.wait, self.acquire_of(hosts)).await;
                acquired.unwrap_or_else(|_| Err(hosts.error()))
            }
        };
        Ok(HeldConnection::new(acquired?, Arc::clone(&self.server)))
    }

    /// A connection for one statement. Behind a pooler of transactions, every statement is one: without it, the parts of the
    /// statement would run on different connections of the server.
    pub(super) async fn hold_for_statement(&self) -> Result<HeldConnection, DbErr> {
        let mut held = self.hold().await?;
        if self.server.pooler == Pooler::Transaction {
            held.begin().await?;
        }
        Ok(held)
    }

    async fn acquire_of(&self, hosts: &Arc<HostSelection>) -> Result<PoolConnection<Postgres>, DbErr> {
        loop {
            hosts.select(&self.pool, &self.server).await?;
            tokio::select! {
                biased;
                acquired = self.pool.acquire() => match acquired {
                    Err(error) if is_of_server(&error) => {
                        self.server.doubt_host();
                        tokio::time::sleep(REPEAT_PAUSE).await;
                    }
                    acquired => return acquired.map_err(acquire_error),
                },
                // Otherwise the place in the queue is kept.
                () = hosts.wait_for_change(&self.pool, &self.server) => {}
            }
        }
    }
}

#[async_trait]
impl ConnectionTrait for DatabasePool {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            PoolBackend::Sqlite(_) => DbBackend::Sqlite,
            PoolBackend::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => connection.execute_raw(statement).await,
            PoolBackend::Postgres(connections) => {
                let mut held = connections.hold_for_statement().await?;
                let result = held.execute(&statement).await?;
                held.commit().await?;
                Ok(result)
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => connection.execute_unprepared(sql).await,
            // Not in a transaction: some statements, such as VACUUM, must not be.
            PoolBackend::Postgres(connections) => connections.hold().await?.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => connection.query_one_raw(statement).await,
            PoolBackend::Postgres(connections) => {
                let mut held = connections.hold_for_statement().await?;
                let row = held.query_one(&statement).await?;
                held.commit().await?;
                Ok(row)
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => connection.query_all_raw(statement).await,
            PoolBackend::Postgres(connections) => {
                let mut held = connections.hold_for_statement().await?;
                let rows = held.query_all(&statement).await?;
                held.commit().await?;
                Ok(rows)
            }
        }
    }
}

fn count<D: sqlx::Database>(pool: &'static str, of: &sqlx::Pool<D>) -> PoolConnections {
    let max = usize::try_from(of.options().get_max_connections()).unwrap_or(usize::MAX);
    let open = usize::try_from(of.size()).unwrap_or(usize::MAX);
    PoolConnections { pool, open, idle: of.num_idle(), max }
}
