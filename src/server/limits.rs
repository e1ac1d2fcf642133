//! What connections may take.

use std::time::Duration;

/// What connections may take, one by one and all together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections that are open at once; beyond it the longest-idle connection is closed.
    pub connections: usize,
    /// From the opening of a connection, or the first byte of a later request, to the end of the headers.
    pub header_timeout: Duration,
    /// For the client to take an answer.
    pub send_timeout: Duration,
    /// For the client to take a part of an answer, over HTTP/2.
    pub stall_timeout: Duration,
    /// From an answer to the next request on the same connection.
    pub idle_timeout: Duration,
    /// For running requests to finish after a stop.
    pub shutdown_timeout: Duration,
    /// Bytes of a request line and its headers together.
    pub header_bytes: u32,
    /// Bytes of a request's body that are kept; what is beyond is dropped as it comes.
    pub body_bytes: usize,
    /// Bytes of responses that the client has not taken; beyond it no further request of the connection is started.
    pub unsent_bytes_per_connection: usize,
    /// Bytes of responses that clients have not taken, on all connections; beyond it those with the most are reset.
    pub unsent_bytes: usize,
    /// Bytes of requests that are not answered yet, with their bodies, on all connections; beyond it those with the most
    /// are reset.
    pub received_bytes: usize,
}

#[cfg(test)]
impl Limits {
    /// Limits for the tests of this folder.
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
