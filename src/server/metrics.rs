//! The metrics of connections.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The labels of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResetLabels {
    what: &'static str,
    reason: &'static str,
}

/// The metrics of all connections of a server. Clones share their values.
#[derive(Clone, Debug, Default)]
pub struct ServerMetrics {
    /// Bytes of responses that clients have not read completely.
    pub(super) unsent: Gauge,
    /// Bytes of unanswered requests.
    pub(super) received: Gauge,
    resets: Family<ResetLabels, Counter>,
}

impl ServerMetrics {
    /// Registers the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "patron_http_unsent_bytes",
            "Bytes of responses that clients have not read completely",
            self.unsent.clone(),
        );
        registry.register(
            "patron_http_received_bytes",
            "Bytes of unanswered requests, with their bodies",
            self.received.clone(),
        );
        registry.register(
            "patron_http_resets",
            "Streams and connections that were reset because of unread responses or incomplete requests",
            self.resets.clone(),
        );
    }

    /// Bytes of responses that clients have not read completely.
    pub fn unsent_bytes(&self) -> usize {
        usize::try_from(self.unsent.get()).unwrap_or(0)
    }

    /// Bytes of unanswered requests, with their bodies.
    pub fn received_bytes(&self) -> usize {
        usize::try_from(self.received.get()).unwrap_or(0)
    }

    /// Counts resets of a `stream` or a `connection`. The reason is `stalled` for a response that its client did not read,
    /// `unsent` or `received` if the bytes of all responses or requests exceeded their limit.
    pub fn reset(&self, what: &'static str, reason: &'static str, count: usize) {
        if count > 0 {
            self.resets.get_or_create(&ResetLabels { what, reason }).inc_by(count as u64);
        }
    }
}
