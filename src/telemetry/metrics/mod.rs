//! Metrics for Prometheus. Each part of the program records its own metrics; this module registers and renders them.
//! Rendering does not query the database, so the metrics are available when the database is not.
//!
//! The number of label values is bounded: a route is labeled by its template, a GraphQL operation by its root field, and an
//! uncommon method as `other`. Data from clients is never used as a label.

mod accounts;
mod database;
mod graphql;
mod hashing;
mod http;
mod instruments;
mod process;
mod replicas;
mod worker;

use std::fmt;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

pub use accounts::{AccountMetrics, LoginOutcome};
pub use database::{DatabaseMetrics, PoolConnections};
pub use graphql::{GraphqlMetrics, OperationOutcome};
pub use hashing::{HashingMetrics, QueueLength};
pub use http::{HttpMetrics, RunningRequest};
pub use instruments::intern;
pub use prometheus_client::metrics::gauge::Gauge;
pub use replicas::ReplicaMetrics;
pub use worker::{Backlog, Queue, WorkerMetrics};

use instruments::as_gauge;
use process::ProcessCollector;

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// All metrics of the program.
pub struct Metrics {
    registry: Registry,
    tasks: Gauge,
    /// Rate, errors and duration of HTTP requests, and the connections of the server.
    pub http: HttpMetrics,
    /// Rate, errors and duration of GraphQL operations.
    pub graphql: GraphqlMetrics,
    /// Registrations, logins, password resets and mails.
    pub accounts: AccountMetrics,
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
        let (accounts, worker) = (AccountMetrics::default(), WorkerMetrics::default());
        let tasks = Gauge::default();
        let build: Family<[(&str, &str); 1], Gauge> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        registry.register("patron_build_info", "The running release; always 1", build);
        registry.register("patron_runtime_tasks", "Live tasks of the asynchronous runtime", tasks.clone());
        http.register(&mut registry);
        graphql.register(&mut registry);
        database.register(&mut registry);
        hashing.register(&mut registry);
        accounts.register(&mut registry);
        worker.register(&mut registry, started);
        registry.register_collector(Box::new(ProcessCollector { started }));
        Self { registry, tasks, http, graphql, accounts, worker }
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
            "process_start_time_seconds 1700000000",
        ] {
            assert!(text.lines().any(|rendered| rendered == line), "no `{line}` in:\n{text}");
        }
    }
}
