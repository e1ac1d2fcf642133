//! A replica: a PostgreSQL server that refuses writes, and lags behind the primary.
//!
//! Each read first reads the heartbeat on its own connection. So it is known how far that connection's server lags, also if
//! the host is a load balancer in front of several servers, and a server that does not respond costs a read a second. A read
//! that fails because of the replica, or that would be too old, is left to the primary.
//!
//! A replica all of whose connections are in use is not one that does not respond: otherwise a busy replica would be left out,
//! and the primary would get all of its reads. So reads have a permit each, and the check has a separate connection.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::{DbErr, QueryResult, Statement};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;

use super::database_pool::PostgresConnections;
use super::heartbeat::Heartbeat;
use super::held_connection::HeldConnection;
use super::server_error::{is_conflict, is_of_replica};
use crate::clock::{Clock, Timer};
use crate::telemetry::metrics::{PoolConnections, ReplicaMetrics, intern};

/// The time in which a replica has to open a connection and to show its heartbeat. As long, before that, a read waits for its
/// turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// The number of checks in a row after which it is logged that a replica is left out. A single one may be early: the first
/// heartbeat takes some milliseconds to arrive.
const UNUSED_CHECKS: u32 = 3;

/// How old reads may be, and by which clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freshness<'a> {
    pub(super) heartbeat: &'a Heartbeat,
    pub(super) clock: &'a Clock,
    /// `PATRON_READ_AFTER_WRITE`.
    pub(super) limit: Duration,
}

/// A replica with what is known of it.
#[derive(Debug)]
pub(super) struct Replica {
    /// Its host and port, or its socket.
    name: &'static str,
    /// One more than the reads at the same time, for the check.
    connections: PostgresConnections,
    /// A permit for each of the reads at the same time.
    turns: Arc<Semaphore>,
    metrics: ReplicaMetrics,
    state: Mutex<ReplicaState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ReplicaState {
    /// What was committed before this time, on the monotonic clock, was there when it was last asked.
    shown_until: Option<Duration>,
    /// Whether it responded then.
    responds: bool,
    /// The number of checks in a row in which it was left out.
    unused_checks: u32,
}

impl Replica {
    /// At most `reads` run at the same time. The pool has a connection more.
    pub(super) fn new(
        name: &str,
        connections: PostgresConnections,
        reads: usize,
        metrics: ReplicaMetrics,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(reads));
        Self { name: intern(name), connections, turns, metrics, state: Mutex::default() }
    }

    /// Whether reads may use it, as far as is known.
    pub(super) fn is_usable(&self, now: Duration, limit: Duration) -> bool {
        let state = *self.state.lock();
        state.responds && state.shown_until.is_some_and(|until| now.saturating_sub(until) <= limit)
    }

    /// Whether a read would not have to wait for its turn.
    pub(super) fn is_free(&self) -> bool {
        self.turns.available_permits() > 0
    }

    /// Runs a statement that returns rows. `None` if the primary has to run it.
    pub(super) async fn query_all(
        &self,
        freshness: Freshness<'_>,
        statement: &Statement,
    ) -> Option<Result<Vec<QueryResult>, DbErr>> {
        let mut held = self.hold_fresh(freshness).await?;
        let outcome = held.query_all(statement.clone()).await;
        self.finish(held, outcome).await
    }

    /// Runs a statement that returns a row. `None` if the primary has to run it.
    pub(super) async fn query_one(
        &self,
        freshness: Freshness<'_>,
        statement: &Statement,
    ) -> Option<Result<Option<QueryResult>, DbErr>> {
        let mut held = self.hold_fresh(freshness).await?;
        let outcome = held.query_one(statement.clone()).await;
        self.finish(held, outcome).await
    }

    /// Asks it how far it is, and records the answer in the metrics and, if it changes what is used, in the log.
    pub(super) async fn check(&self, freshness: Freshness<'_>) {
        drop(self.hold(freshness.heartbeat).await);
        let is_used = self.record(freshness.clock.monotonic(), freshness.limit);
        let mut state = self.state.lock();
        let unused_checks = if is_used { 0 } else { state.unused_checks.saturating_add(1) };
        let before = std::mem::replace(&mut state.unused_checks, unused_checks);
        drop(state);
        if unused_checks == UNUSED_CHECKS {
            tracing::warn!(replica = self.name, "a replica lags or does not respond; it is not used");
        } else if is_used && before >= UNUSED_CHECKS {
            tracing::info!(replica = self.name, "a replica is used again");
        }
    }

    /// Records in the metrics whether it is used, and its lag. Returns whether it is used.
    pub(super) fn record(&self, now: Duration, limit: Duration) -> bool {
        let (is_used, state) = (self.is_usable(now, limit), *self.state.lock());
        let lag = state.shown_until.map(|until| now.saturating_sub(until));
        self.metrics.record(self.name, is_used, lag);
        is_used
    }

    /// The numbers of its connections.
    pub(super) fn count(&self) -> PoolConnections {
        self.connections.count(self.name)
    }

    /// Closes all connections. Waits for connections in use.
    pub(super) async fn close(&self) {
        self.connections.close().await;
    }

    /// A connection whose server is fresh enough.
    async fn hold_fresh(&self, freshness: Freshness<'_>) -> Option<HeldConnection> {
        let turn = self.wait_for_turn().await?;
        let (mut held, until) = self.hold(freshness.heartbeat).await?;
        held.keep(turn);
        let is_fresh = freshness.clock.monotonic().saturating_sub(until?) <= freshness.limit;
        is_fresh.then_some(held)
    }

    /// The permit of a read; none if the others take too long. Then the replica is only busy.
    async fn wait_for_turn(&self) -> Option<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            tracing::debug!(replica = self.name, "all connections to a replica are in use");
            return None;
        };
        Some(turn)
    }

    /// A connection, and the time before which everything that was committed is on its server; none if the server has no
    /// heartbeat of the last hour, and so maybe not the tables of this release either.
    async fn hold(&self, heartbeat: &Heartbeat) -> Option<(HeldConnection, Option<Duration>)> {
        let select = heartbeat.select()?;
        let timer = Timer::start();
        let acquired = tokio::time::timeout(PATIENCE, self.connections.hold_for_statement()).await;
        let mut held = match acquired {
            Ok(Ok(held)) => held,
            Ok(Err(error)) => return self.leave_out(&error),
            Err(elapsed) => return self.give_up(&elapsed),
        };
        let left = PATIENCE.saturating_sub(timer.elapsed());
        let shown = tokio::time::timeout(left, held.query_one(select)).await;
        let number = match shown {
            Ok(Ok(row)) => row.and_then(|row| row.try_get_by_index::<i32>(0).ok()),
            Ok(Err(error)) => {
                held.discard();
                return self.leave_out(&error);
            }
            Err(elapsed) => {
                held.discard();
                return self.give_up(&elapsed);
            }
        };
        let until = number.and_then(|number| heartbeat.time_of(number));
        let mut state = self.state.lock();
        state.responds = until.is_some();
        state.shown_until = until.or(state.shown_until);
        drop(state);
        Some((held, until))
    }

    /// Leaves out a replica that did not respond in time. Its other connections would cost the next checks as much.
    fn give_up<T>(&self, elapsed: &Elapsed) -> Option<T> {
        self.connections.server.retire();
        self.leave_out(elapsed)
    }

    /// Leaves the replica out until a check finds it usable.
    fn leave_out<T>(&self, error: &impl Display) -> Option<T> {
        tracing::debug!(%error, replica = self.name, "a replica can't be used");
        self.state.lock().responds = false;
        None
    }

    /// Ends a read. `None` if it failed because of the replica.
    async fn finish<T>(
        &self,
        mut held: HeldConnection,
        outcome: Result<T, DbErr>,
    ) -> Option<Result<T, DbErr>> {
        match outcome {
            Ok(value) => {
                // The rows are complete, so a failure to end the transaction is of no importance.
                let _ended = held.commit().await;
                self.metrics.read_from(self.name);
                Some(Ok(value))
            }
            Err(error) if is_of_replica(&error) => {
                held.discard();
                self.metrics.failed(self.name);
                if is_conflict(&error) {
                    tracing::debug!(%error, replica = self.name, "a read conflicts with the recovery");
                    return None;
                }
                self.leave_out(&error)
            }
            Err(error) => Some(Err(error)),
        }
    }
}
