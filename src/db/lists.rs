//! Slow reads on SQLite: lists, searches and counts.
//!
//! They use separate connections, so that they do not delay short reads. A statement is interrupted when its client hangs
//! up, and after the statement timeout. SQLite has no statement timeout and does not return before the next row, so its
//! progress handler does both. PostgreSQL has a statement timeout and uses the same pool for all reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::{ConnectOptions, Database as SeaOrm, DatabaseConnection, DbErr};

use super::database::Database;
use super::database_pool::DatabasePool;
use crate::clock::Timer;

/// Instructions of SQLite's virtual machine between two calls of the progress handler: some hundred microseconds.
const INSTRUCTIONS: i32 = 10_000;

tokio::task_local! {
    /// The flag of the running task.
    static CANCEL_FLAG: CancelFlag;
}

/// Cancels the statements of a task. The flag is set when it is dropped, which means that the client hung up.
#[derive(Default)]
struct CancelFlag(Arc<AtomicBool>);

impl Drop for CancelFlag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Database {
    /// The connections for lists, searches and counts, which may be slow. Never those of a replica.
    pub fn list_reader(&self) -> &DatabasePool {
        &self.lists
    }

    /// Runs the work of a caller. Dropping the future interrupts its statements on [`list_reader`](Self::list_reader).
    ///
    /// Not an `async fn`, because that would store the work, a large future, twice.
    pub fn cancel_lists_on_drop<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        CANCEL_FLAG.scope(CancelFlag::default(), work)
    }
}

/// Opens the connections for lists: half as many as for other reads.
pub(super) async fn connect(
    mut options: ConnectOptions,
    max_connections: u32,
    limit: Duration,
) -> Result<DatabaseConnection, DbErr> {
    options.max_connections((max_connections / 2).max(1));
    options.map_sqlx_sqlite_before_acquire(move |connection, _| {
        Box::pin(async move {
            set_progress_handler(connection, limit).await?;
            Ok(true)
        })
    });
    // `before_acquire` is not called for a connection that was just opened.
    options.map_sqlx_sqlite_pool_opts(move |pool| {
        pool.after_connect(move |connection, _| Box::pin(set_progress_handler(connection, limit)))
    });
    SeaOrm::connect(options).await
}

/// Interrupts the connection's next statement when the caller is dropped, and after this time.
async fn set_progress_handler(connection: &mut SqliteConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let is_dropped = CANCEL_FLAG.try_with(|flag| Arc::clone(&flag.0)).unwrap_or_default();
    let timer = Timer::start();
    let may_continue = move || !is_dropped.load(Ordering::Relaxed) && timer.elapsed() < limit;
    connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS, may_continue);
    Ok(())
}
