//! Requests: rate, errors and duration by route.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{durations, interned};
use crate::clock::Stopwatch;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reset {
    what: &'static str,
    reason: &'static str,
}

/// Requests that were answered, that run, and that nobody waits for any more.
#[derive(Debug)]
pub struct HttpMetrics {
    answered: Family<Answered, Counter>,
    durations: Family<Endpoint, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    abandoned: Family<Endpoint, Counter>,
    /// Bytes of answers that clients have not taken to the end.
    pub unsent: Gauge,
    /// Bytes of requests that are not answered.
    pub received: Gauge,
    resets: Family<Reset, Counter>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(durations),
            in_flight: Gauge::default(),
            abandoned: Family::default(),
            unsent: Gauge::default(),
            received: Gauge::default(),
            resets: Family::default(),
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
        registry.register(
            "patron_http_unsent_bytes",
            "Bytes of answers that their clients have not taken to the end",
            self.unsent.clone(),
        );
        registry.register(
            "patron_http_received_bytes",
            "Bytes of requests that are not answered yet, with their bodies",
            self.received.clone(),
        );
        registry.register(
            "patron_http_resets",
            "Streams and connections that were reset for what clients did not take or end",
            self.resets.clone(),
        );
    }

    /// Bytes of answers that clients have not taken to the end.
    pub fn unsent_bytes(&self) -> usize {
        usize::try_from(self.unsent.get()).unwrap_or(0)
    }

    /// Bytes of requests that are not answered yet, with their bodies.
    pub fn received_bytes(&self) -> usize {
        usize::try_from(self.received.get()).unwrap_or(0)
    }

    /// Counts what was reset: a `stream` or a `connection`, because an answer was `stalled`, or because all answers
    /// (`unsent`) or requests (`received`) were too many bytes.
    pub fn reset(&self, what: &'static str, reason: &'static str, count: usize) {
        if count > 0 {
            self.resets.get_or_create(&Reset { what, reason }).inc_by(count as u64);
        }
    }

    /// A request begins. `route` is the template it matched, none when there is no such route.
    pub fn begin(&self, method: &str, route: Option<&str>) -> InFlight<'_> {
        self.in_flight.inc();
        let endpoint = Endpoint { method: known(method), route: route.map_or("none", interned) };
        InFlight { metrics: self, endpoint, watch: Stopwatch::start(), is_answered: false }
    }
}

/// A request that runs. One that is dropped was given up by its client.
#[derive(Debug)]
pub struct InFlight<'a> {
    metrics: &'a HttpMetrics,
    endpoint: Endpoint,
    watch: Stopwatch,
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
