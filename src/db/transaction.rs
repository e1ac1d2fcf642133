//! Transactions, with retries.
//!
//! A transaction is retried when the database requests it (a serialization failure, a deadlock).

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::DbErr;

use super::database::Database;
use super::open_transaction::OpenTransaction;
use crate::clock::Timer;
use crate::error::{self, Error, Result, is_retriable};

/// The maximum number of attempts at a transaction that the database requests to retry.
const MAX_ATTEMPTS: u32 = 5;

impl Database {
    /// Begins a transaction. Services use [`transact!`](crate::transact) or [`spend!`](crate::spend) instead.
    pub async fn begin(&self) -> std::result::Result<OpenTransaction, DbErr> {
        self.ensure_connected()?;
        // Before the transaction: it may have to read it, on another connection.
        self.known_sharing().await?;
        let timer = Timer::start();
        let transaction = self.writer.begin().await?;
        self.metrics.transaction_begun(timer.elapsed());
        self.mark(&transaction).await?;
        Ok(transaction)
    }

    /// Commits a transaction.
    pub async fn commit(&self, transaction: OpenTransaction) -> std::result::Result<(), DbErr> {
        transaction.commit().await
    }

    /// Handles the outcome of the `number`th attempt at a transaction. Returns `None`, after a backoff, to retry it.
    pub async fn retry_or_finish<T>(&self, outcome: TxResult<T>, number: u32) -> Option<Result<T>> {
        match outcome {
            Err(TxError::Database(error)) if is_retriable(&error) && number < MAX_ATTEMPTS => {
                tracing::debug!(%error, number, "retrying a transaction");
                self.metrics.transaction_retried();
                tokio::time::sleep(Duration::from_millis(5 << number)).await;
                None
            }
            outcome => {
                if matches!(&outcome, Err(TxError::Database(error)) if error::refuses_writes(error)) {
                    self.refuses_writes.store(true, Ordering::Relaxed);
                }
                Some(outcome.map_err(Error::from))
            }
        }
    }
}

/// The outcome of one attempt at a transaction.
pub type TxResult<T> = std::result::Result<T, TxError>;

/// Why an attempt at a transaction failed. Errors of the database are not converted, because they decide about a retry.
#[derive(Debug)]
pub enum TxError {
    /// The database failed.
    Database(DbErr),
    /// A rule of the service was violated.
    Rule(Error),
}

impl From<DbErr> for TxError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<Error> for TxError {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl From<TxError> for Error {
    fn from(error: TxError) -> Self {
        match error {
            TxError::Database(error) => error.into(),
            TxError::Rule(error) => error,
        }
    }
}

/// Proof that the caller has no open transaction. Operations that wait for something other than the database require it.
/// [`Write`](crate::app::write::Write) is such a proof until it is spent.
pub trait NoTransaction: Sync {}

/// A command or a background job of the program, between its transactions. [`ensure_no_transaction`] checks that at run time.
#[derive(Clone, Copy, Debug)]
pub struct BackgroundJob;

impl NoTransaction for BackgroundJob {}

tokio::task_local! {
    /// Set while a transaction of [`transact!`](crate::transact) or [`spend!`](crate::spend) is open.
    static IN_TRANSACTION: ();
}

/// Runs an attempt at a transaction, in which [`ensure_no_transaction`] fails. Not an `async fn`, because that would store the
/// attempt, a large future, twice.
#[doc(hidden)]
pub fn within_transaction<T>(attempt: impl Future<Output = T>) -> impl Future<Output = T> {
    IN_TRANSACTION.scope((), attempt)
}

/// Checks that the task has no open transaction. Operations that wait for something other than the database call it. `what`
/// describes the operation.
///
/// # Errors
/// [`Error::Internal`], which is a defect.
pub fn ensure_no_transaction(what: &'static str) -> Result<()> {
    match IN_TRANSACTION.try_with(|()| ()) {
        Ok(()) => Err(Error::internal(format!("{what} in an open transaction"))),
        Err(_) => Ok(()),
    }
}

/// Runs a block in a transaction and commits it. An error, by `?` or `return`, rolls the transaction back. When the
/// database requests a retry (a serialization failure, a deadlock), the block runs again from its start, so it must not
/// consume its captured values. The block's value is a [`TxResult`], the macro's value a [`Result`].
///
/// Use it in background jobs, and for writes that must survive the failure of a request. The main write of a request uses
/// [`spend!`](crate::spend).
///
/// This is a macro, because the compiler can't prove that the future of a closure that borrows the transaction is `Send`.
#[macro_export]
macro_rules! transact {
    ($db:expr, |$tx:ident| $block:block) => {{
        let mut number = 0;
        loop {
            number += 1;
            let attempt = async {
                let transaction = $db.begin().await?;
                let $tx = &transaction;
                let work: $crate::db::TxResult<_> = async { $block }.await;
                let value = work?;
                $db.commit(transaction).await?;
                Ok(value)
            };
            let outcome: $crate::db::TxResult<_> = $crate::db::within_transaction(attempt).await;
            if let Some(outcome) = $db.retry_or_finish(outcome, number).await {
                break outcome;
            }
        }
    }};
}
