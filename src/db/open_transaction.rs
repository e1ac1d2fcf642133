//! An open transaction. It is rolled back when it is dropped.

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::Mutex;

use super::held_connection::HeldConnection;

/// An open transaction.
#[derive(Debug)]
pub struct OpenTransaction(TransactionConnection);

#[derive(Debug)]
enum TransactionConnection {
    Sqlite(DatabaseTransaction),
    /// One statement runs at a time.
    Postgres(Mutex<HeldConnection>),
}

impl OpenTransaction {
    pub(super) fn of_sqlite(transaction: DatabaseTransaction) -> Self {
        Self(TransactionConnection::Sqlite(transaction))
    }

    pub(super) fn of_postgres(held: HeldConnection) -> Self {
        Self(TransactionConnection::Postgres(Mutex::new(held)))
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// The database refuses it, or is unavailable; then it may be committed.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self.0 {
            TransactionConnection::Sqlite(transaction) => transaction.commit().await,
            TransactionConnection::Postgres(held) => held.into_inner().commit().await,
        }
    }

    /// Rolls the transaction back.
    ///
    /// # Errors
    /// The database is unavailable, and rolls it back itself.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self.0 {
            TransactionConnection::Sqlite(transaction) => transaction.rollback().await,
            TransactionConnection::Postgres(held) => held.into_inner().roll_back().await,
        }
    }
}

#[async_trait]
impl ConnectionTrait for OpenTransaction {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            TransactionConnection::Sqlite(_) => DbBackend::Sqlite,
            TransactionConnection::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            TransactionConnection::Sqlite(transaction) => transaction.execute_raw(statement).await,
            TransactionConnection::Postgres(held) => held.lock().await.execute(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            TransactionConnection::Sqlite(transaction) => transaction.execute_unprepared(sql).await,
            TransactionConnection::Postgres(held) => held.lock().await.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            TransactionConnection::Sqlite(transaction) => transaction.query_one_raw(statement).await,
            TransactionConnection::Postgres(held) => held.lock().await.query_one(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            TransactionConnection::Sqlite(transaction) => transaction.query_all_raw(statement).await,
            TransactionConnection::Postgres(held) => held.lock().await.query_all(statement).await,
        }
    }
}
