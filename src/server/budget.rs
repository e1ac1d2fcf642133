//! The memory budget of all connections together: bytes of unanswered requests and of unsent responses.
//!
//! When a limit is exceeded, the connections that hold the most are reset.

use std::sync::Arc;

use super::connection_state::MemoryKind;
use super::connections::Connections;
use super::limits::Limits;
use super::metrics::ServerMetrics;

/// The connections, their limits and their metrics.
pub(super) struct MemoryBudget {
    pub(super) limits: Limits,
    pub(super) metrics: ServerMetrics,
    pub(super) connections: Arc<Connections>,
}

impl MemoryBudget {
    /// Resets connections if all of them together hold more bytes than the limit.
    pub(super) fn enforce(&self, kind: MemoryKind) {
        let Self { limits, metrics, connections } = self;
        let (held, max, reason) = match kind {
            MemoryKind::Responses => (metrics.unsent_bytes(), limits.unsent_bytes, "unsent"),
            MemoryKind::Requests => (metrics.received_bytes(), limits.received_bytes, "received"),
        };
        if held > max {
            metrics.reset("connection", reason, connections.reset_heaviest(kind, max));
        }
    }
}
