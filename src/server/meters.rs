//! What is measured of connections.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What was reset, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reset {
    what: &'static str,
    reason: &'static str,
}

/// What is measured of all connections of a server.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    /// Bytes of responses that clients have not taken to the end.
    pub(super) unsent: Gauge,
    /// Bytes of requests that are not answered.
    pub(super) received: Gauge,
    resets: Family<Reset, Counter>,
}

impl Meters {
    /// Gives them their names.
    pub fn register(&self, registry: &mut Registry) {
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

    /// Bytes of responses that clients have not taken to the end.
    pub fn unsent_bytes(&self) -> usize {
        usize::try_from(self.unsent.get()).unwrap_or(0)
    }

    /// Bytes of requests that are not answered yet, with their bodies.
    pub fn received_bytes(&self) -> usize {
        usize::try_from(self.received.get()).unwrap_or(0)
    }

    /// Counts what was reset: a `stream` or a `connection`, because a response was `stalled`, or because all responses
    /// (`unsent`) or requests (`received`) were too many bytes.
    pub fn reset(&self, what: &'static str, reason: &'static str, count: usize) {
        if count > 0 {
            self.resets.get_or_create(&Reset { what, reason }).inc_by(count as u64);
        }
    }
}
