//! Reads on SQLite that may take long: lists, searches and counts. They have connections of their own, so that they keep
//! no short read waiting, and they end early: when nobody waits for them any more, or after the statement timeout.
//!
//! PostgreSQL has a statement timeout itself, and connections of one kind. SQLite goes on with a statement until its next
//! row, however long that takes, unless its progress handler says otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::{ConnectOptions, Database as SeaOrm, DatabaseConnection, DbErr};

use super::Database;
use crate::clock::Timer;

/// Instructions of SQLite's virtual machine between two looks at whether to go on: some hundred microseconds.
const INSTRUCTIONS: i32 = 10_000;

tokio::task_local! {
    /// Who waits for what this task does.
    static CALLER: Caller;
}

/// What becomes true when it is dropped: then nobody waits any more.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Database {
    /// Where lists, searches and counts are read, which may take long.
    pub fn lists(&self) -> &DatabaseConnection {
        &self.lists
    }

    /// Does what a caller waits for: when this future is dropped, the reads of lists in it end.
    ///
    /// No `async fn`, which would hold the work, a large future, twice.
    pub fn while_waited_for<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        CALLER.scope(Caller::default(), work)
    }
}

/// Opens the connections for lists: half as many as there are for other reads.
pub(super) async fn connect(
    mut options: ConnectOptions,
    most: u32,
    limit: Duration,
) -> Result<DatabaseConnection, DbErr> {
    options.max_connections((most / 2).max(1));
    options.map_sqlx_sqlite_before_acquire(move |connection, _| {
        Box::pin(async move {
            attend(connection, limit).await?;
            Ok(true)
        })
    });
    // One that was just opened is not asked before it is used.
    options.map_sqlx_sqlite_pool_opts(move |pool| {
        pool.after_connect(move |connection, _| Box::pin(attend(connection, limit)))
    });
    SeaOrm::connect(options).await
}

/// Has the next statement of a connection end when the caller gives up, and after this time.
async fn attend(connection: &mut SqliteConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let is_given_up = CALLER.try_with(|caller| Arc::clone(&caller.0)).unwrap_or_default();
    let watch = Timer::start();
    let goes_on = move || !is_given_up.load(Ordering::Relaxed) && watch.elapsed() < limit;
    connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS, goes_on);
    Ok(())
}
