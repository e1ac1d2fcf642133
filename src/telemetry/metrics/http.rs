//! Requests: rate, errors and duration by route.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{durations, interned};
use crate::clock::Timer;
use crate::server::Meters;

/// What is asked: a method, and the template of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

/// Requests that were answered, that run, and that nobody waits for any more.
#[derive(Debug)]
pub struct HttpMetrics {
    answered: Family<Answered, Counter>,
    durations: Family<Endpoint, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    abandoned: Family<Endpoint, Counter>,
    /// Of their connections.
    pub server: Meters,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(durations),
            in_flight: Gauge::default(),
            abandoned: Family::default(),
            server: Meters::default(),
        }
    }
}

impl HttpMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("patron_http_requests", "Requests that were answered", self.answered.clone());
        registry.register(
            "patron_http_request_duration_seconds",
            "How long answers took, up to the first byte of their body",
            self.durations.clone(),
        );
        registry.register("patron_http_requests_in_flight", "Requests that run", self.in_flight.clone());
        registry.register(
            "patron_http_requests_abandoned",
            "Requests whose client hung up before they were answered",
            self.abandoned.clone(),
        );
        self.server.register(registry);
    }

    /// A request begins. `route` is the template it matched, none when there is no such route.
    pub fn begin(&self, method: &str, route: Option<&str>) -> InFlight<'_> {
        self.in_flight.inc();
        let endpoint = Endpoint { method: known(method), route: route.map_or("none", interned) };
        InFlight { metrics: self, endpoint, watch: Timer::start(), is_answered: false }
    }
}

/// A request that runs. One that is dropped was given up by its client.
#[derive(Debug)]
pub struct InFlight<'a> {
    metrics: &'a HttpMetrics,
    endpoint: Endpoint,
    watch: Timer,
    is_answered: bool,
}

impl InFlight<'_> {
    /// The method as it is counted: clients may make up others.
    pub fn method(&self) -> &'static str {
        self.endpoint.method
    }

    /// The route as it is counted.
    pub fn route(&self) -> &'static str {
        self.endpoint.route
    }

    /// Counts the answer, and tells how long it took.
    pub fn answered(mut self, status: u16) -> Duration {
        let (took, Endpoint { method, route }) = (self.watch.elapsed(), self.endpoint);
        self.is_answered = true;
        self.metrics.answered.get_or_create(&Answered { method, route, status }).inc();
        self.metrics.durations.get_or_create(&self.endpoint).observe(took.as_secs_f64());
        took
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        if !self.is_answered {
            self.metrics.abandoned.get_or_create(&self.endpoint).inc();
        }
    }
}

/// Clients may make up methods (RFC 9110 9.1); those are one label.
fn known(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}
