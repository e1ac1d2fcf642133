//! The limits of connections.

use std::time::Duration;

/// The limits of each connection and of all connections together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Open connections. When exceeded, the longest-idle connection is closed.
    pub(crate) connections: usize,
    /// From the opening of a connection, or the first byte of a later request, to the end of the headers.
    pub(crate) header_timeout: Duration,
    /// For the client to read a response.
    pub(crate) send_timeout: Duration,
    /// For the client to read a part of a response, over HTTP/2.
    pub(crate) stall_timeout: Duration,
    /// From a response to the next request on the same connection.
    pub(crate) idle_timeout: Duration,
    /// For running requests to finish after the server was stopped.
    pub(crate) shutdown_timeout: Duration,
    /// Bytes of a request line and its headers together.
    pub(crate) header_bytes: u32,
    /// Bytes of a request body. Further bytes are dropped when they arrive.
    pub(crate) body_bytes: usize,
    /// Bytes of a connection's unsent responses. When exceeded, no further request of the connection is started.
    pub(crate) unsent_bytes_per_connection: usize,
    /// Bytes of unsent responses on all connections. When exceeded, the connections with the most are reset.
    pub(crate) unsent_bytes: usize,
    /// Bytes of unanswered requests, with their bodies, on all connections. When exceeded, the connections with the most
    /// are reset.
    pub(crate) received_bytes: usize,
}

#[cfg(test)]
impl Limits {
    /// Limits for tests of the server.
    pub(super) fn example() -> Self {
        Self {
            connections: 10,
            header_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(120),
            stall_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(75),
            shutdown_timeout: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            body_bytes: 1024 * 1024,
            unsent_bytes_per_connection: 1024 * 1024,
            unsent_bytes: 64 * 1024 * 1024,
            received_bytes: 64 * 1024 * 1024,
        }
    }
}
