//! The memory budget of all connections together: bytes of unanswered requests and of unsent responses.
//!
//! When a limit is exceeded, the connections that hold the most are reset.

use std::sync::Arc;

use super::connection_state::MemoryKind;
use super::connections::Connections;
use super::limits::Limits;
use super::meters::Meters;

/// The connections, their limits and their metrics.
pub(super) struct Budget {
    pub(super) limits: Limits,
    pub(super) meters: Meters,
    pub(super) connections: Arc<Connections>,
}

impl Budget {
    /// Resets connections if all of them together hold more bytes than the limit.
    pub(super) fn enforce(&self, kind: MemoryKind) {
        let Self { limits, meters, connections } = self;
        let (held, max, reason) = match kind {
            MemoryKind::Responses => (meters.unsent_bytes(), limits.unsent_bytes, "unsent"),
            MemoryKind::Requests => (meters.received_bytes(), limits.received_bytes, "received"),
        };
        if held > max {
            meters.reset("connection", reason, connections.reset_heaviest(kind, max));
        }
    }
}
