//! Connections by which statements run one by one, and on which transactions begin.
//!
//! On SQLite they are sea-orm's. On PostgreSQL, statements run on held connections (`held_connection.rs`), which have
//! deadlines, and between two statements they wait as ready connections (`ready_connections.rs`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{PgPool, Postgres};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait, sqlx,
};
use tokio::sync::OwnedSemaphorePermit;

use super::held_connection::HeldConnection;
use super::host_selection::HostSelection;
use super::open_transaction::OpenTransaction;
use super::postgres_server::PostgresServer;
use super::ready_connections::ReadyConnections;
use super::server_error::{acquire_error, is_of_server};
use crate::clock::Timer;
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
    pool: PgPool,
    pub(super) server: Arc<PostgresServer>,
    ready: Arc<ReadyConnections>,
    hosts: Option<Arc<HostSelection>>,
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

    /// Returns the connections that wait for a statement to the pool of the driver.
    pub(super) fn return_ready(&self) {
        if let PoolBackend::Postgres(connections) = &self.0 {
            connections.ready.return_unused(&connections.server);
        }
    }

    /// Closes all connections. Waits for connections in use.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        match &self.0 {
            PoolBackend::Sqlite(connection) => connection.close_by_ref().await,
            PoolBackend::Postgres(connections) => {
                connections.close().await;
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
    pub(super) fn new(pool: PgPool, server: Arc<PostgresServer>, hosts: Option<Arc<HostSelection>>) -> Self {
        let ready = Arc::new(ReadyConnections::of(&pool));
        Self { pool, server, ready, hosts }
    }

    /// The numbers of connections, under this name. Those that are ready for a statement are idle.
    pub(super) fn count(&self, name: &'static str) -> PoolConnections {
        let PoolConnections { pool, open, idle, max } = count(name, &self.pool);
        PoolConnections { pool, open, idle: idle + self.ready.count(), max }
    }

    /// Closes all connections. Waits for connections in use.
    pub(super) async fn close(&self) {
        // Closed first: an open pool would test the ready connections, without a limit.
        let closed = self.pool.close();
        self.ready.close();
        closed.await;
    }

    /// A connection for a transaction. Waits as long as the pool would, if all are in use.
    async fn hold(&self) -> Result<HeldConnection, DbErr> {
        if let Some(permit) = self.ready.try_permit() {
            return self.hold_with(permit).await;
        }
        let held = async { self.hold_with(self.permit().await?).await };
        let held = tokio::time::timeout(self.server.wait, held).await;
        held.unwrap_or_else(|_elapsed| Err(self.timeout_error()))
    }

    /// Waits for the right to use a connection. In the meantime it follows a change of the host, because the statements that
    /// use all connections may wait for a server that does not respond.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let mut permit = std::pin::pin!(self.ready.permit());
        let Some(hosts) = &self.hosts else { return permit.await.map_err(acquire_error) };
        loop {
            tokio::select! {
                biased;
                permit = &mut permit => return permit.map_err(acquire_error),
                // The place in the queue is kept.
                () = hosts.wait_for_change(&self.pool, &self.server) => {}
            }
        }
    }

    async fn hold_with(&self, permit: OwnedSemaphorePermit) -> Result<HeldConnection, DbErr> {
        // Started before the pool is asked, so that no change of the server is missed.
        let borrowed = Timer::start();
        let connection = match self.ready_connection() {
            Some(ready) => ready,
            None => (self.acquire().await?, borrowed),
        };
        Ok(HeldConnection::new(connection, permit, Arc::clone(&self.ready), Arc::clone(&self.server)))
    }

    /// A connection that waits for its next statement. None while the host is searched: then the pool checks all of them.
    fn ready_connection(&self) -> Option<(PoolConnection<Postgres>, Timer)> {
        if self.hosts.is_some() && !self.server.has_good_host.load(Ordering::Acquire) {
            self.ready.return_unused(&self.server);
            return None;
        }
        self.ready.take(&self.server)
    }

    /// A connection of the pool.
    async fn acquire(&self) -> Result<PoolConnection<Postgres>, DbErr> {
        let Some(hosts) = &self.hosts else { return self.pool.acquire().await.map_err(acquire_error) };
        let acquired = tokio::time::timeout(self.server.wait, self.acquire_of(hosts)).await;
        acquired.unwrap_or_else(|_elapsed| Err(self.timeout_error()))
    }

    /// The error if no connection was available in time.
    fn timeout_error(&self) -> DbErr {
        match &self.hosts {
            Some(hosts) => hosts.error(),
            None => acquire_error(sqlx::Error::PoolTimedOut),
        }
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
                let result = held.execute(statement).await?;
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
                let row = held.query_one(statement).await?;
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
                let rows = held.query_all(statement).await?;
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
