//! A connection of the pool to PostgreSQL while a statement or a transaction uses it.
//!
//! Every statement is watched (`PostgresServer::watch`). A connection that failed, or whose deadline passed, is closed.
//! Behind a pooler of transactions, statements have no names: the next transaction may run on another connection of the
//! server, which does not know them.

use std::sync::Arc;

use sea_orm::sea_query::Values;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{AssertSqlSafe, Executor, Postgres};
use sea_orm::{DbErr, ExecResult, QueryResult, Statement, sqlx};
use sea_query_sqlx::SqlxValues;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::postgres_server::PostgresServer;
use super::ready_connections::{ReadyConnections, give_back};
use super::server_error::{execution_error, is_of_server, query_error};
use crate::clock::Timer;
use crate::config::Pooler;
use crate::telemetry;

/// A connection that waits for the next statement, is returned to the pool, or is closed, when it is dropped. An open
/// transaction is rolled back.
pub(super) struct HeldConnection {
    /// None after it was given back.
    connection: Option<PoolConnection<Postgres>>,
    /// Started before the pool handed it out.
    borrowed: Timer,
    permit: Option<OwnedSemaphorePermit>,
    /// The permit of a read on a replica.
    turn: Option<OwnedSemaphorePermit>,
    ready: Arc<ReadyConnections>,
    server: Arc<PostgresServer>,
    abandoned: watch::Receiver<u64>,
    is_in_transaction: bool,
    /// Whether the last statement succeeded, so that the server waits for the next one.
    is_clean: bool,
    is_broken: bool,
}

impl std::fmt::Debug for HeldConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeldConnection")
            .field("is_in_transaction", &self.is_in_transaction)
            .finish_non_exhaustive()
    }
}

impl HeldConnection {
    pub(super) fn new(
        (connection, borrowed): (PoolConnection<Postgres>, Timer),
        permit: OwnedSemaphorePermit,
        ready: Arc<ReadyConnections>,
        server: Arc<PostgresServer>,
    ) -> Self {
        let (connection, permit, abandoned) = (Some(connection), Some(permit), server.subscribe());
        let (is_in_transaction, is_clean, is_broken) = (false, true, false);
        Self {
            connection,
            borrowed,
            permit,
            turn: None,
            ready,
            server,
            abandoned,
            is_in_transaction,
            is_clean,
            is_broken,
        }
    }

    /// Gives the permit back when the connection is back in the pool, kept for the next caller, or closed. That may be later than
    /// the drop: the server may still run the statement of a client that hung up.
    pub(super) fn keep(&mut self, turn: OwnedSemaphorePermit) {
        self.turn = Some(turn);
    }

    /// Begins a transaction, in one round trip.
    pub(super) async fn begin(&mut self) -> Result<(), DbErr> {
        let begin = match self.server.pooler {
            Pooler::Transaction => format!("BEGIN; {}", self.server.settings("LOCAL ")),
            Pooler::None | Pooler::Session => "BEGIN".to_owned(),
        };
        // Before it has begun: a part of it may fail.
        self.is_in_transaction = true;
        self.run_unprepared(&begin).await.map_err(query_error)?;
        Ok(())
    }

    /// Commits the transaction, if there is one.
    pub(super) async fn commit(mut self) -> Result<(), DbErr> {
        self.end("COMMIT").await
    }

    /// Rolls the transaction back.
    pub(super) async fn roll_back(mut self) -> Result<(), DbErr> {
        self.end("ROLLBACK").await
    }

    /// Lets the connection be closed instead of returned to the pool.
    pub(super) fn discard(&mut self) {
        self.is_broken = true;
    }

    async fn end(&mut self, statement: &str) -> Result<(), DbErr> {
        if self.is_in_transaction {
            self.run_unprepared(statement).await.map_err(execution_error)?;
            self.is_in_transaction = false;
        }
        Ok(())
    }

    pub(super) async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run_unprepared(sql).await.map_err(execution_error)
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let timer = Timer::start();
        let Statement { sql, values, .. } = statement;
        let query = self.query(&sql, values);
        // Until it has succeeded: its caller may be dropped while it runs.
        self.is_clean = false;
        let Self { connection, server, abandoned, .. } = &mut *self;
        let connection = connection_of(connection).map_err(execution_error)?;
        let outcome = server.watch(abandoned, query.execute(connection)).await;
        self.observe(&sql, &timer, outcome).map(ExecResult::from).map_err(execution_error)
    }

    pub(super) async fn query_one(&mut self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let timer = Timer::start();
        let Statement { sql, values, .. } = statement;
        let query = self.query(&sql, values);
        // Until it has succeeded: its caller may be dropped while it runs.
        self.is_clean = false;
        let Self { connection, server, abandoned, .. } = &mut *self;
        let connection = connection_of(connection).map_err(query_error)?;
        let outcome = server.watch(abandoned, query.fetch_optional(connection)).await;
        let row = self.observe(&sql, &timer, outcome).map_err(query_error)?;
        Ok(row.map(QueryResult::from))
    }

    pub(super) async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let timer = Timer::start();
        let Statement { sql, values, .. } = statement;
        let query = self.query(&sql, values);
        // Until it has succeeded: its caller may be dropped while it runs.
        self.is_clean = false;
        let Self { connection, server, abandoned, .. } = &mut *self;
        let connection = connection_of(connection).map_err(query_error)?;
        let outcome = server.watch(abandoned, query.fetch_all(connection)).await;
        let rows: Vec<PgRow> = self.observe(&sql, &timer, outcome).map_err(query_error)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// The driver's query.
    fn query<'q>(&self, sql: &'q str, values: Option<Values>) -> Query<'q, Postgres, SqlxValues> {
        let values = values.unwrap_or_else(|| Values(Vec::new()));
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values));
        query.persistent(self.server.pooler != Pooler::Transaction)
    }

    async fn run_unprepared(&mut self, sql: &str) -> Result<ExecResult, sqlx::Error> {
        self.is_clean = false;
        let Self { connection, server, abandoned, .. } = &mut *self;
        let connection = connection_of(connection)?;
        let outcome = server.watch(abandoned, connection.execute(AssertSqlSafe(sql.to_owned()))).await;
        self.judge(outcome).map(ExecResult::from)
    }

    /// Measures a statement, and notes what its outcome says about the connection.
    fn observe<T>(
        &mut self,
        sql: &str,
        timer: &Timer,
        outcome: Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let (failed, elapsed) = (outcome.is_err(), timer.elapsed());
        self.server.metrics.statement(sql, failed, elapsed);
        telemetry::statement("postgresql", sql, failed, elapsed);
        self.judge(outcome)
    }

    fn judge<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.is_clean = outcome.is_ok();
        if outcome.as_ref().is_err_and(is_of_server) {
            self.is_broken = true;
            self.server.retire();
        }
        outcome
    }
}

impl Drop for HeldConnection {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.is_broken || Handle::try_current().is_err() {
            // Not in order: the server may not respond.
            drop(connection.detach());
            return;
        }
        if self.is_clean && !self.is_in_transaction {
            match self.ready.keep(connection, self.borrowed, &self.server) {
                None => return,
                Some(checked) => connection = checked,
            }
        }
        // Until the connection is in the pool again, so that the next caller does not have to wait there.
        let permits = (self.permit.take(), self.turn.take());
        let (server, is_in_transaction) = (Arc::clone(&self.server), self.is_in_transaction);
        let mut abandoned = self.abandoned.clone();
        tokio::spawn(async move {
            if is_in_transaction {
                let rollback = Executor::execute(&mut *connection, "ROLLBACK");
                if server.watch(&mut abandoned, rollback).await.is_err() {
                    drop(connection.detach());
                    return;
                }
            }
            give_back(connection, abandoned, server.release_limit()).await;
            drop(permits);
        });
    }
}

fn connection_of(
    connection: &mut Option<PoolConnection<Postgres>>,
) -> Result<&mut PgConnection, sqlx::Error> {
    connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
}
