//! Metrics of HTTP requests: rate, errors and duration by route.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::instruments::{durations, intern};
use crate::clock::Timer;
use crate::server::ServerMetrics;

/// The method and route template of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResponseLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

/// The metrics of answered, running and abandoned requests.
#[derive(Debug)]
pub struct HttpMetrics {
    answered: Family<ResponseLabels, Counter>,
    durations: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    abandoned: Family<EndpointLabels, Counter>,
    /// The metrics of connections.
    pub server: ServerMetrics,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(durations),
            in_flight: Gauge::default(),
            abandoned: Family::default(),
            server: ServerMetrics::default(),
        }
    }
}

impl HttpMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("patron_http_requests", "Requests that were answered", self.answered.clone());
        registry.register(
            "patron_http_request_duration_seconds",
            "Time to the first byte of the response body",
            self.durations.clone(),
        );
        registry.register("patron_http_requests_in_flight", "Running requests", self.in_flight.clone());
        registry.register(
            "patron_http_requests_abandoned",
            "Requests whose client hung up before they were answered",
            self.abandoned.clone(),
        );
        self.server.register(registry);
    }

    /// Records the start of a request. `route` is the matched template, or `None` if no route matched.
    pub fn begin(&self, method: &str, route: Option<&str>) -> RunningRequest<'_> {
        self.in_flight.inc();
        let endpoint = EndpointLabels { method: method_label(method), route: route.map_or("none", intern) };
        RunningRequest { metrics: self, endpoint, timer: Timer::start(), is_answered: false }
    }
}

/// A running request. If it is dropped without a response, it counts as abandoned by its client.
#[derive(Debug)]
pub struct RunningRequest<'a> {
    metrics: &'a HttpMetrics,
    endpoint: EndpointLabels,
    timer: Timer,
    is_answered: bool,
}

impl RunningRequest<'_> {
    /// The label of the method.
    pub fn method(&self) -> &'static str {
        self.endpoint.method
    }

    /// The label of the route.
    pub fn route(&self) -> &'static str {
        self.endpoint.route
    }

    /// Records the response and returns the request's duration.
    pub fn answered(mut self, status: u16) -> Duration {
        let (elapsed, EndpointLabels { method, route }) = (self.timer.elapsed(), self.endpoint);
        self.is_answered = true;
        self.metrics.answered.get_or_create(&ResponseLabels { method, route, status }).inc();
        self.metrics.durations.get_or_create(&self.endpoint).observe(elapsed.as_secs_f64());
        elapsed
    }
}

impl Drop for RunningRequest<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        if !self.is_answered {
            self.metrics.abandoned.get_or_create(&self.endpoint).inc();
        }
    }
}

/// The label of a method. Clients may send arbitrary methods (RFC 9110 9.1), which share the label `other`.
fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}
