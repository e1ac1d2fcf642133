//! What all connections may hold together, of requests and of responses.

use std::sync::Arc;

use super::connection_state::What;
use super::connections::Connections;
use super::limits::Limits;
use super::meters::Meters;

/// The connections, and the limits of what is held for them.
pub(super) struct Budget {
    pub(super) limits: Limits,
    pub(super) meters: Meters,
    pub(super) connections: Arc<Connections>,
}

impl Budget {
    /// Resets connections if more is held than may be.
    pub(super) fn keep(&self, what: What) {
        let Self { limits, meters, connections } = self;
        let (held, most, reason) = match what {
            What::Answers => (meters.unsent_bytes(), limits.unsent_bytes, "unsent"),
            What::Requests => (meters.received_bytes(), limits.received_bytes, "received"),
        };
        if held > most {
            meters.reset("connection", reason, connections.reset_heaviest(what, most));
        }
    }
}
