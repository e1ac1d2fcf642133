//! What happens by itself: the worker's tasks, and the queues it works off.

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::as_gauge;

/// A queue in the database that the worker sends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Mails.
    Mail,
    /// Events that are not published yet.
    Event,
    /// Events on their way to an endpoint.
    Webhook,
}

impl Queue {
    const ALL: [Self; 3] = [Self::Mail, Self::Event, Self::Webhook];

    fn label(self) -> QueueLabel {
        match self {
            Self::Mail => QueueLabel { queue: "mail" },
            Self::Event => QueueLabel { queue: "event" },
            Self::Webhook => QueueLabel { queue: "webhook" },
        }
    }
}

/// How a queue is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Entries that are due and that nobody has taken.
    pub due: u64,
    /// Since when the oldest of them is.
    pub oldest: Option<DateTime<Utc>>,
    /// Entries that were given up, and that somebody may have tried again.
    pub given_up: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabel {
    queue: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    queue: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Task {
    task: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    task: &'static str,
    outcome: &'static str,
}

/// What is measured of the worker.
#[derive(Debug, Default)]
pub struct WorkerMetrics {
    due: Family<QueueLabel, Gauge>,
    lag: Family<QueueLabel, Gauge>,
    given_up: Family<QueueLabel, Gauge>,
    sampled: Family<QueueLabel, Gauge>,
    attempts: Family<Sent, Counter>,
    runs: Family<Run, Counter>,
    succeeded: Family<Task, Gauge>,
}

impl WorkerMetrics {
    pub(super) fn register(&self, registry: &mut Registry, started: i64) {
        registry.register("patron_queue_due", "Entries that are due and not taken", self.due.clone());
        registry.register(
            "patron_queue_lag_seconds",
            "For how long the oldest entry that is not taken has been due",
            self.lag.clone(),
        );
        registry.register(
            "patron_queue_given_up",
            "Entries that were given up and wait for somebody to try them again",
            self.given_up.clone(),
        );
        registry.register(
            "patron_queue_sampled_timestamp_seconds",
            "When the queue was last looked at, or the program started, in seconds since 1970",
            self.sampled.clone(),
        );
        registry.register(
            "patron_queue_attempts",
            "Attempts to send an entry: sent, postponed (tried again later), given_up",
            self.attempts.clone(),
        );
        // Not `job`: that is what Prometheus calls what it reads from.
        registry.register("patron_worker_runs", "Runs of the worker's tasks", self.runs.clone());
        registry.register(
            "patron_worker_success_timestamp_seconds",
            "When a task of the worker last succeeded, in seconds since 1970",
            self.succeeded.clone(),
        );
        for queue in Queue::ALL.map(Queue::label) {
            for outcome in ["sent", "postponed", "given_up"] {
                drop(self.attempts.get_or_create(&Sent { queue: queue.queue, outcome }));
            }
            // One that is never looked at is noticed as well.
            self.sampled.get_or_create(&queue).set(started);
        }
    }

    /// Notes how a queue is.
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

    /// Counts an entry that was not taken and is tried again.
    pub fn postponed(&self, queue: Queue) {
        self.attempted(queue, "postponed");
    }

    /// Counts an entry that is not tried again.
    pub fn given_up(&self, queue: Queue) {
        self.attempted(queue, "given_up");
    }

    fn attempted(&self, queue: Queue, outcome: &'static str) {
        self.attempts.get_or_create(&Sent { queue: queue.label().queue, outcome }).inc();
    }

    /// Counts a run that was good.
    pub fn succeeded(&self, task: &'static str, now: DateTime<Utc>) {
        self.runs.get_or_create(&Run { task, outcome: "ok" }).inc();
        self.succeeded.get_or_create(&Task { task }).set(now.timestamp());
    }

    /// Counts a run that failed; it is done again.
    pub fn failed(&self, task: &'static str) {
        self.runs.get_or_create(&Run { task, outcome: "failed" }).inc();
    }

    /// Has a task stand there with zeros before its first run.
    pub fn expect(&self, task: &'static str) {
        for outcome in ["ok", "failed"] {
            drop(self.runs.get_or_create(&Run { task, outcome }));
        }
    }
}
