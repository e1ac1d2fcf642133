//! Connections to PostgreSQL between two statements.
//!
//! The pool of the driver tests each connection that is returned to it, with a round trip in a separate task. So a connection
//! whose last statement succeeded waits here for the next statement. After a second at most it is returned to the pool, which
//! then applies its checks and limits, as it does to a connection that one caller uses for a second. It is returned at once if all
//! connections were retired, if new ones lead to another server, and while the host is searched (`postgres_server.rs`).
//!
//! The number of permits is that of the pool's connections. A caller waits for a permit, in the order of arrival, and never in
//! the pool. Each replica has a pool, and so its own ready connections.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, PgPool, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::postgres_server::PostgresServer;
use crate::clock::Timer;

/// How long a connection is used before the pool checks it. Not longer than an idle connection of the pool stays unchecked.
const MAX_BORROWED: Duration = Duration::from_secs(1);
/// How long a connection waits for a statement before it is returned to the pool, at least. At most twice as long.
const MAX_IDLE: Duration = Duration::from_millis(100);

/// Connections that are ready for a statement.
#[derive(Debug)]
pub(super) struct ReadyConnections {
    permits: Arc<Semaphore>,
    waiting: Mutex<WaitingConnections>,
}

#[derive(Debug, Default)]
struct WaitingConnections {
    /// The connection that was used last is the last one.
    connections: Vec<ReadyConnection>,
    /// Whether a task returns the unused ones.
    is_tidied: bool,
    is_closed: bool,
}

/// A connection that the pool has handed out.
pub(super) struct ReadyConnection {
    /// None after it was taken.
    connection: Option<PoolConnection<Postgres>>,
    /// Started before the pool handed it out.
    borrowed: Timer,
    /// Started when its last statement ended.
    idle: Timer,
}

impl std::fmt::Debug for ReadyConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyConnection").field("borrowed", &self.borrowed).finish_non_exhaustive()
    }
}

/// Closes the connection if there is no runtime any more, which its return to the pool would need.
impl Drop for ReadyConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && Handle::try_current().is_err()
        {
            drop(connection.detach());
        }
    }
}

impl ReadyConnection {
    fn into_connection(mut self) -> Option<(PoolConnection<Postgres>, Timer)> {
        Some((self.connection.take()?, self.borrowed))
    }
}

impl ReadyConnections {
    /// None are ready.
    pub(super) fn of(pool: &PgPool) -> Self {
        let max = usize::try_from(pool.options().get_max_connections()).unwrap_or(Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(max)), waiting: Mutex::default() }
    }

    /// The right to use a connection. `None` if all are in use.
    pub(super) fn try_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Waits for the right to use a connection.
    ///
    /// # Errors
    /// The pool is closed.
    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit, sqlx::Error> {
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_closed| sqlx::Error::PoolClosed)
    }

    /// The connection that was used last, and since when it is used. Those that the pool has to check are returned to it.
    pub(super) fn take(&self, server: &PostgresServer) -> Option<(PoolConnection<Postgres>, Timer)> {
        let (mut taken, mut unusable) = (None, Vec::new());
        let mut waiting = self.waiting.lock();
        while taken.is_none()
            && let Some(ready) = waiting.connections.pop()
        {
            if is_usable(&ready.borrowed, server) {
                taken = ready.into_connection();
            } else {
                unusable.push(ready);
            }
        }
        drop(waiting);
        return_all(unusable, server);
        taken
    }

    /// Keeps a connection, outside of a transaction, whose last statement succeeded. Returns it if the pool has to check it.
    pub(super) fn keep(
        self: &Arc<Self>,
        connection: PoolConnection<Postgres>,
        borrowed: Timer,
        server: &Arc<PostgresServer>,
    ) -> Option<PoolConnection<Postgres>> {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed || !is_usable(&borrowed, server) {
            return Some(connection);
        }
        let connection = Some(connection);
        waiting.connections.push(ReadyConnection { connection, borrowed, idle: Timer::start() });
        if !std::mem::replace(&mut waiting.is_tidied, true) {
            tokio::spawn(tidy(Arc::clone(self), Arc::clone(server)));
        }
        None
    }

    /// Returns all connections to the pool, which checks them.
    pub(super) fn return_unused(&self, server: &PostgresServer) {
        let unused = std::mem::take(&mut self.waiting.lock().connections);
        return_all(unused, server);
    }

    /// The number of connections that are ready.
    pub(super) fn count(&self) -> usize {
        self.waiting.lock().connections.len()
    }

    /// Returns all connections to the pool, and keeps none from now on.
    pub(super) fn close(&self) {
        self.permits.close();
        let connections = {
            let mut waiting = self.waiting.lock();
            waiting.is_closed = true;
            std::mem::take(&mut waiting.connections)
        };
        drop(connections);
    }
}

/// Whether a connection that the pool handed out then may be used again before the pool checks it.
fn is_usable(borrowed: &Timer, server: &PostgresServer) -> bool {
    let elapsed = borrowed.elapsed();
    elapsed < MAX_BORROWED && !server.has_changed_within(elapsed)
}

/// Returns unused connections to the pool, until none is left.
async fn tidy(ready: Arc<ReadyConnections>, server: Arc<PostgresServer>) {
    loop {
        tokio::time::sleep(MAX_IDLE).await;
        let (unused, is_last) = {
            let mut waiting = ready.waiting.lock();
            let count = waiting.connections.partition_point(|ready| ready.idle.elapsed() >= MAX_IDLE);
            let unused: Vec<ReadyConnection> = waiting.connections.drain(..count).collect();
            // Under the same lock: a connection that is kept after this starts another task.
            waiting.is_tidied = !waiting.connections.is_empty();
            (unused, !waiting.is_tidied)
        };
        return_all(unused, &server);
        if is_last {
            return;
        }
    }
}

/// Returns connections to the pool, each in a task.
fn return_all(connections: Vec<ReadyConnection>, server: &PostgresServer) {
    for (connection, _) in connections.into_iter().filter_map(ReadyConnection::into_connection) {
        tokio::spawn(give_back(connection, server.subscribe(), server.release_limit()));
    }
}

/// Returns a connection to the pool. The pool tests it, and waits for a statement that a dropped caller left, both without a
/// limit. Dropping the future of the return closes the connection.
pub(super) async fn give_back(
    mut connection: PoolConnection<Postgres>,
    mut abandoned: watch::Receiver<u64>,
    limit: Duration,
) {
    tokio::select! {
        () = connection.return_to_pool() => {}
        _ = abandoned.changed() => {}
        () = tokio::time::sleep(limit) => {}
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx::Error;
    use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    use super::ReadyConnections;

    #[tokio::test]
    async fn there_are_as_many_permits_as_connections() {
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(PgConnectOptions::new());
        let ready = ReadyConnections::of(&pool);
        let (first, _second) = (ready.try_permit().unwrap(), ready.permit().await.unwrap());
        assert!(ready.try_permit().is_none());
        let (third, ()) = tokio::join!(ready.permit(), async { drop(first) });
        assert!(third.is_ok(), "a permit that is returned goes to the caller that waits");
        ready.close();
        assert!(ready.try_permit().is_none() && matches!(ready.permit().await, Err(Error::PoolClosed)));
    }
}
