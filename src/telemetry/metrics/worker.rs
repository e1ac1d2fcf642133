//! Metrics of the background worker: its tasks and its queues.

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::instruments::as_gauge;

/// A queue in the database that the worker sends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Mails.
    Mail,
    /// Events that are not published yet.
    Event,
    /// Webhook deliveries.
    Webhook,
    /// Changes of EverShop that are not journaled yet.
    ShopChange,
}

impl Queue {
    const ALL: [Self; 4] = [Self::Mail, Self::Event, Self::Webhook, Self::ShopChange];

    fn label(self) -> QueueLabels {
        match self {
            Self::Mail => QueueLabels { queue: "mail" },
            Self::Event => QueueLabels { queue: "event" },
            Self::Webhook => QueueLabels { queue: "webhook" },
            Self::ShopChange => QueueLabels { queue: "shop_change" },
        }
    }
}

/// The backlog of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Entries that are due and not claimed.
    pub due: u64,
    /// When the oldest of them became due.
    pub oldest: Option<DateTime<Utc>>,
    /// Entries that failed permanently. An operator can retry them.
    pub given_up: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    queue: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    queue: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    task: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    task: &'static str,
    outcome: &'static str,
}

/// The metrics of the worker.
#[derive(Debug, Default)]
pub struct WorkerMetrics {
    due: Family<QueueLabels, Gauge>,
    lag: Family<QueueLabels, Gauge>,
    given_up: Family<QueueLabels, Gauge>,
    sampled: Family<QueueLabels, Gauge>,
    attempts: Family<AttemptLabels, Counter>,
    runs: Family<RunLabels, Counter>,
    succeeded: Family<TaskLabels, Gauge>,
}

impl WorkerMetrics {
    pub(super) fn register(&self, registry: &mut Registry, started: i64) {
        registry.register("patron_queue_due", "Entries that are due and not claimed", self.due.clone());
        registry.register(
            "patron_queue_lag_seconds",
            "How long the oldest unclaimed entry has been due",
            self.lag.clone(),
        );
        registry.register(
            "patron_queue_given_up",
            "Entries that failed permanently and can be retried by an operator",
            self.given_up.clone(),
        );
        registry.register(
            "patron_queue_sampled_timestamp_seconds",
            "When the queue was last measured, or the program started, in seconds since 1970",
            self.sampled.clone(),
        );
        registry.register(
            "patron_queue_attempts",
            "Attempts to send an entry: sent, postponed (will be retried), given_up (failed permanently)",
            self.attempts.clone(),
        );
        // The label is not `job`, because Prometheus uses that for the scrape job.
        registry.register("patron_worker_runs", "Runs of the worker's tasks", self.runs.clone());
        registry.register(
            "patron_worker_success_timestamp_seconds",
            "When a task of the worker last succeeded, in seconds since 1970",
            self.succeeded.clone(),
        );
        for queue in Queue::ALL.map(Queue::label) {
            for outcome in ["sent", "postponed", "given_up"] {
                drop(self.attempts.get_or_create(&AttemptLabels { queue: queue.queue, outcome }));
            }
            // Set at the start, so that an alert also notices a queue that is never measured.
            self.sampled.get_or_create(&queue).set(started);
        }
    }

    /// Records the backlog of a queue.
    pub fn record(&self, queue: Queue, backlog: Backlog, now: DateTime<Utc>) {
        let queue = queue.label();
        let lag = backlog.oldest.map_or(0, |oldest| (now - oldest).num_seconds().max(0));
        let count = |count: u64| as_gauge(usize::try_from(count).unwrap_or(usize::MAX));
        self.due.get_or_create(&queue).set(count(backlog.due));
        self.lag.get_or_create(&queue).set(lag);
        self.given_up.get_or_create(&queue).set(count(backlog.given_up));
        self.sampled.get_or_create(&queue).set(now.timestamp());
    }

    /// Counts an entry that was sent.
    pub fn sent(&self, queue: Queue) {
        self.attempted(queue, "sent");
    }

    /// Counts a failed attempt that will be retried.
    pub fn postponed(&self, queue: Queue) {
        self.attempted(queue, "postponed");
    }

    /// Counts an entry that failed permanently.
    pub fn given_up(&self, queue: Queue) {
        self.attempted(queue, "given_up");
    }

    fn attempted(&self, queue: Queue, outcome: &'static str) {
        self.attempts.get_or_create(&AttemptLabels { queue: queue.label().queue, outcome }).inc();
    }

    /// Counts a successful run.
    pub fn succeeded(&self, task: &'static str, now: DateTime<Utc>) {
        self.runs.get_or_create(&RunLabels { task, outcome: "ok" }).inc();
        self.succeeded.get_or_create(&TaskLabels { task }).set(now.timestamp());
    }

    /// Counts a failed run, which is repeated.
    pub fn failed(&self, task: &'static str) {
        self.runs.get_or_create(&RunLabels { task, outcome: "failed" }).inc();
    }

    /// Creates the series of a task with the value 0 before its first run.
    pub fn create_series(&self, task: &'static str) {
        for outcome in ["ok", "failed"] {
            drop(self.runs.get_or_create(&RunLabels { task, outcome }));
        }
    }
}
