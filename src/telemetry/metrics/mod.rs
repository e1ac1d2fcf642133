//! What is counted and measured, for Prometheus: each part of the program keeps its own numbers, here they get their
//! names. Nothing is asked of the database when they are read, so they are answered when it is away.
//!
//! Labels are bounded: a route is its template, an operation of GraphQL its root field, and a method that is not one of
//! the usual is `other`. What a client sends never becomes a label.

mod database;
mod graphql;
mod hashing;
mod http;
mod worker;

use std::collections::HashSet;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub use database::{Connections, DatabaseMetrics};
pub use graphql::{GraphqlMetrics, OperationOutcome};
pub use hashing::{HashingMetrics, Waiting};
pub use http::{HttpMetrics, InFlight};
pub use prometheus_client::metrics::gauge::Gauge;
pub use worker::{Backlog, Queue, WorkerMetrics};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Bounds of durations in seconds: from what a look-up takes to what a request may take.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Everything that is counted and measured.
pub struct Metrics {
    registry: Registry,
    tasks: Gauge,
    /// Requests.
    pub http: HttpMetrics,
    /// Operations of GraphQL.
    pub graphql: GraphqlMetrics,
    /// What happens by itself.
    pub worker: WorkerMetrics,
}

/// Without the numbers: there are very many.
impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Registers them all. `started` is the time of the start, in seconds since 1970.
    pub fn new(database: &DatabaseMetrics, hashing: &HashingMetrics, started: i64) -> Self {
        let mut registry = Registry::default();
        let (http, graphql) = (HttpMetrics::default(), GraphqlMetrics::default());
        let (worker, tasks) = (WorkerMetrics::default(), Gauge::default());
        let build: Family<[(&str, &str); 1], Gauge> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        registry.register("patron_build_info", "Which release runs; always 1", build);
        let start: Gauge = Gauge::default();
        start.set(started);
        registry.register(
            "patron_start_time_seconds",
            "When the program started, in seconds since 1970",
            start,
        );
        registry.register(
            "patron_runtime_tasks",
            "Tasks of the asynchronous runtime that live",
            tasks.clone(),
        );
        http.register(&mut registry);
        graphql.register(&mut registry);
        database.register(&mut registry);
        hashing.register(&mut registry);
        worker.register(&mut registry, started);
        Self { registry, tasks, http, graphql, worker }
    }

    /// All of it in the text format of Prometheus, version 0.0.4. What has its state elsewhere is noted first: the
    /// caller does that.
    pub fn render(&self) -> String {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.tasks.set(as_gauge(runtime.metrics().num_alive_tasks()));
        }
        let mut text = String::new();
        // Writing to a string can't fail, and the metrics' own forms don't.
        prometheus_text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }
}

/// A name of ours as a label: kept for good, so that labels need no memory of their own. As many are kept as there are
/// routes and root fields; never call it with what a client sent.
pub fn interned(name: &str) -> &'static str {
    static NAMES: RwLock<Option<HashSet<&'static str>>> = RwLock::new(None);
    let found =
        NAMES.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|all| all.get(name).copied());
    found.unwrap_or_else(|| {
        let mut all = NAMES.write().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        // Somebody else may have been faster.
        let known = all.get(name).copied();
        known.unwrap_or_else(|| {
            let name: &'static str = Box::leak(name.into());
            all.insert(name);
            name
        })
    })
}

/// A histogram of durations.
fn durations() -> Histogram {
    Histogram::new(SECONDS)
}

/// A count as a gauge holds it.
fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{DatabaseMetrics, HashingMetrics, Metrics, interned};

    #[test]
    fn names_are_kept_once() {
        let name = format!("/a/{}", 1);
        assert!(std::ptr::eq(interned(&name), interned("/a/1")));
    }

    #[test]
    fn the_text_format() {
        let metrics = Metrics::new(&DatabaseMetrics::default(), &HashingMetrics::default(), 1_700_000_000);
        metrics.http.begin("GET", Some("/a")).answered(200);
        metrics.http.begin("BREW", None).answered(404);
        drop(metrics.http.begin("GET", Some("/a")));
        let text = metrics.render();
        for line in [
            "# TYPE patron_http_requests_total counter",
            "patron_http_requests_total{method=\"GET\",route=\"/a\",status=\"200\"} 1",
            "patron_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1",
            "patron_http_request_duration_seconds_count{method=\"GET\",route=\"/a\"} 1",
            "patron_http_requests_abandoned_total{method=\"GET\",route=\"/a\"} 1",
            "patron_http_requests_in_flight 0",
            "patron_start_time_seconds 1700000000",
        ] {
            assert!(text.lines().any(|found| found == line), "no `{line}` in:\n{text}");
        }
    }
}
