//! Metrics for Prometheus. Each part of the program records its own metrics; this module registers and renders them.
//! Rendering does not query the database, so the metrics are available when the database is not.
//!
//! The number of label values is bounded: a route is labeled by its template, a GraphQL operation by its root field, and an
//! uncommon method as `other`. Data from clients is never used as a label.

mod database;
mod graphql;
mod hashing;
mod http;
mod worker;

use std::collections::HashSet;
use std::fmt;

use parking_lot::RwLock;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub use database::{DatabaseMetrics, PoolConnections};
pub use graphql::{GraphqlMetrics, OperationOutcome};
pub use hashing::{HashingMetrics, QueueLength};
pub use http::{HttpMetrics, RunningRequest};
pub use prometheus_client::metrics::gauge::Gauge;
pub use worker::{Backlog, Queue, WorkerMetrics};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The buckets of durations in seconds, from the time of a lookup to the maximum time of a request.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// All metrics of the program.
pub struct Metrics {
    registry: Registry,
    tasks: Gauge,
    /// Rate, errors and duration of HTTP requests, and the connections of the server.
    pub http: HttpMetrics,
    /// Rate, errors and duration of GraphQL operations.
    pub graphql: GraphqlMetrics,
    /// Tasks and queues of the background worker.
    pub worker: WorkerMetrics,
}

/// Omits the values, because there are very many.
impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Registers all metrics. `started` is the time of the program's start, in seconds since 1970.
    pub fn new(database: &DatabaseMetrics, hashing: &HashingMetrics, started: i64) -> Self {
        let mut registry = Registry::default();
        let (http, graphql) = (HttpMetrics::default(), GraphqlMetrics::default());
        let (worker, tasks) = (WorkerMetrics::default(), Gauge::default());
        let build: Family<[(&str, &str); 1], Gauge> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        registry.register("patron_build_info", "The running release; always 1", build);
        let start: Gauge = Gauge::default();
        start.set(started);
        registry.register(
            "patron_start_time_seconds",
            "When the program started, in seconds since 1970",
            start,
        );
        registry.register("patron_runtime_tasks", "Live tasks of the asynchronous runtime", tasks.clone());
        http.register(&mut registry);
        graphql.register(&mut registry);
        database.register(&mut registry);
        hashing.register(&mut registry);
        worker.register(&mut registry, started);
        Self { registry, tasks, http, graphql, worker }
    }

    /// Renders all metrics in the text format of Prometheus, version 0.0.4. The caller has to record the sampled metrics
    /// (queue lengths, connections) first.
    pub fn render(&self) -> String {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.tasks.set(as_gauge(runtime.metrics().num_alive_tasks()));
        }
        let mut text = String::new();
        // Writing to a string can't fail.
        prometheus_text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }
}

/// Interns a name of patron as a label. Names are stored once and never freed. Their number is bounded by the routes and
/// root fields, so it must not be called with data from clients.
pub fn intern(name: &str) -> &'static str {
    static NAMES: RwLock<Option<HashSet<&'static str>>> = RwLock::new(None);
    let interned_name = NAMES.read().as_ref().and_then(|all| all.get(name).copied());
    interned_name.unwrap_or_else(|| {
        let mut all = NAMES.write();
        let all = all.get_or_insert_default();
        // Another thread may have inserted the name in between.
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

/// The value of a gauge.
fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{DatabaseMetrics, HashingMetrics, Metrics, intern};

    #[test]
    fn names_are_stored_once() {
        let name = format!("/a/{}", 1);
        assert!(std::ptr::eq(intern(&name), intern("/a/1")));
    }

    #[test]
    fn metrics_are_rendered_in_the_text_format() {
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
            assert!(text.lines().any(|rendered| rendered == line), "no `{line}` in:\n{text}");
        }
    }
}
