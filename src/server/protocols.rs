//! The HTTP implementations, configured with the limits.

use hyper::server::conn::{http1, http2};

use super::limits::Limits;
use super::stream_executor::StreamExecutor;

/// Concurrent streams of a connection. RFC 9113 (6.5.2) advises against a lower limit.
const MAX_STREAMS: u32 = 100;
/// Streams that the client may reset before the server accepts them ("rapid reset", CVE-2023-44487). One more closes the
/// connection (ENHANCE_YOUR_CALM).
const MAX_RESET_BY_CLIENT: usize = 20;
/// Streams that the server may reset because of protocol errors. One more closes the connection.
const MAX_RESET_BY_US: usize = 100;

/// HTTP/1.1 and HTTP/2.
#[derive(Debug)]
pub(super) struct Protocols {
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<StreamExecutor>,
}

impl Protocols {
    /// The protocols with these limits. [`ConnectionState`](super::connection_state::ConnectionState) times the reading of
    /// headers, because hyper's own limit also counts the idle time between two requests, and starts only at the first byte.
    pub(super) fn new(limits: &Limits) -> Self {
        let (mut http1, mut http2) = (http1::Builder::new(), http2::Builder::new(StreamExecutor));
        http1.header_read_timeout(None).max_buf_size(limits.header_bytes as usize);
        // How much of its bodies a client may send before the server reads them. hyper's default is 1 MiB.
        let body = u32::try_from(limits.body_bytes).unwrap_or(u32::MAX);
        http2
            .max_concurrent_streams(MAX_STREAMS)
            .max_pending_accept_reset_streams(MAX_RESET_BY_CLIENT)
            .max_local_error_reset_streams(MAX_RESET_BY_US)
            .max_header_list_size(limits.header_bytes)
            .initial_stream_window_size(body)
            .initial_connection_window_size(body.saturating_mul(2));
        Self { http1, http2 }
    }
}
