//! The connections for lists, searches, counts and exports: those of a replica, or of the primary.
//!
//! All statements of one reader use the same replica, or the primary after a read has failed there. So a later statement never
//! sees an older state than an earlier one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::database::Database;
use super::database_pool::DatabasePool;
use super::replica::Replica;
use super::replica_set::ReplicaSet;
use crate::clock::Clock;
use crate::telemetry::metrics::ReplicaMetrics;

/// The connections for the lists of one caller.
#[derive(Debug)]
pub struct ListReader {
    primary: DatabasePool,
    chosen: Option<ChosenReplica>,
    /// Counts the reads of the primary; none without replicas.
    metrics: Option<ReplicaMetrics>,
}

/// The replica that answers, until a read fails there.
#[derive(Debug)]
struct ChosenReplica {
    set: Arc<ReplicaSet>,
    replica: Arc<Replica>,
    clock: Arc<Clock>,
    has_failed: AtomicBool,
}

impl Database {
    /// The connections for lists, which may be slow. With a clock, those of a replica whose lag is within the limit, if there is
    /// one. Otherwise those of the primary, as [`list_reader`](Self::list_reader).
    pub fn list_reader_of(&self, clock: Option<&Arc<Clock>>) -> ListReader {
        let chosen = clock.zip(self.replicas.as_ref()).and_then(|(clock, set)| {
            let replica = set.choose(clock)?;
            let (set, clock) = (Arc::clone(set), Arc::clone(clock));
            Some(ChosenReplica { set, replica, clock, has_failed: AtomicBool::new(false) })
        });
        let metrics = self.has_replicas().then(|| self.metrics.replicas.clone());
        ListReader { primary: self.list_reader().clone(), chosen, metrics }
    }
}

impl ListReader {
    fn replica(&self) -> Option<&ChosenReplica> {
        self.chosen.as_ref().filter(|chosen| !chosen.has_failed.load(Ordering::Relaxed))
    }

    /// Leaves all further statements to the primary.
    fn use_primary(&self) {
        if let Some(chosen) = &self.chosen {
            chosen.has_failed.store(true, Ordering::Relaxed);
        }
        if let Some(metrics) = &self.metrics {
            metrics.read_from("primary");
        }
    }
}

#[async_trait]
impl ConnectionTrait for ListReader {
    fn get_database_backend(&self) -> DbBackend {
        self.primary.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.primary.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.primary.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if let Some(ChosenReplica { set, replica, clock, .. }) = self.replica()
            && let Some(outcome) = replica.query_one(set.freshness(clock), &statement).await
        {
            return outcome;
        }
        self.use_primary();
        self.primary.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(ChosenReplica { set, replica, clock, .. }) = self.replica()
            && let Some(outcome) = replica.query_all(set.freshness(clock), &statement).await
        {
            return outcome;
        }
        self.use_primary();
        self.primary.query_all_raw(statement).await
    }
}
