//! What all connections may hold together, of requests and of answers.

use std::sync::Arc;

use super::activity::What;
use super::connections::Connections;
use crate::app::App;

/// The connections, and the settings that bound what is held for them.
pub(super) struct Budget {
    pub(super) app: Arc<App>,
    pub(super) connections: Arc<Connections>,
}

impl Budget {
    /// Resets connections if more is held than may be.
    pub(super) fn keep(&self, what: What) {
        let (limits, metrics) = (&self.app.config.limits, &self.app.metrics.http);
        let (held, most, reason) = match what {
            What::Answers => (metrics.unsent_bytes(), limits.unsent_bytes, "unsent"),
            What::Requests => (metrics.received_bytes(), limits.received_bytes, "received"),
        };
        if held > most {
            metrics.reset("connection", reason, self.connections.reset_heaviest(what, most));
        }
    }
}
