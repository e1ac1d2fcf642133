//! Settings of the server's limits: connections, requests, timeouts, buffered bytes, rates and idempotency keys.
//! `docs/limits.md` describes what clients see of each.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Values;

/// The limits of the server.
#[derive(Clone, Debug)]
pub struct LimitConfig {
    /// `PATRON_CONNECTIONS`: connections open at once. When exceeded, the longest-idle connection is closed.
    pub connections: usize,
    /// `PATRON_CONCURRENT_REQUESTS`: requests processed at once; further requests fail with 503.
    pub requests: usize,
    /// `PATRON_HEADER_TIMEOUT`: from the start of a connection, or the first byte of a later request, to the end of the
    /// headers.
    pub header_timeout: Duration,
    /// `PATRON_BODY_TIMEOUT`: from the end of the headers to the end of the body.
    pub body_timeout: Duration,
    /// `PATRON_SEND_TIMEOUT`: how long the client may take to read a response.
    pub send_timeout: Duration,
    /// `PATRON_STALL_TIMEOUT`: how long an HTTP/2 client may read nothing of a response.
    pub stall_timeout: Duration,
    /// `PATRON_UNSENT_BYTES_PER_CONNECTION`: bytes of responses that the client has not read. When exceeded, further
    /// requests of the connection wait.
    pub unsent_bytes_per_connection: usize,
    /// `PATRON_UNSENT_BYTES`: bytes of responses that clients have not read, on all connections. When exceeded, the
    /// connections with the most are reset.
    pub unsent_bytes: usize,
    /// `PATRON_RECEIVED_BYTES`: bytes of unanswered requests, bodies included, on all connections. When exceeded, the
    /// connections with the most are reset.
    pub received_bytes: usize,
    /// `PATRON_IDLE_TIMEOUT`: from a response to the next request on the same connection.
    pub idle_timeout: Duration,
    /// `PATRON_HEADER_BYTES`: bytes of the request line and the headers together.
    pub header_bytes: u32,
    /// `PATRON_PASSWORDS_PER_ADDRESS`: requests per minute that hash a password.
    pub passwords_per_address: NonZeroU32,
    /// `PATRON_TOKENS_PER_ADDRESS`: requests per minute that present a token, or request one by mail.
    pub tokens_per_address: NonZeroU32,
    /// `PATRON_IDEMPOTENCY_KEYS`: how many idempotency keys are kept per customer, or per network address for requests
    /// without a token. The latest are kept.
    pub idempotency_keys: u32,
    /// `PATRON_ADMIN_IDEMPOTENCY_KEYS`: how many idempotency keys are kept per admin.
    pub admin_idempotency_keys: u32,
}

impl LimitConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self {
            connections: v.at_least("PATRON_CONNECTIONS", 1) as usize,
            requests: v.between("PATRON_CONCURRENT_REQUESTS", 1, 1_000_000) as usize,
            header_timeout: v.seconds("PATRON_HEADER_TIMEOUT"),
            body_timeout: v.seconds("PATRON_BODY_TIMEOUT"),
            send_timeout: v.seconds("PATRON_SEND_TIMEOUT"),
            stall_timeout: v.seconds("PATRON_STALL_TIMEOUT"),
            unsent_bytes_per_connection: v.at_least("PATRON_UNSENT_BYTES_PER_CONNECTION", 64 * 1024) as usize,
            unsent_bytes: v.at_least("PATRON_UNSENT_BYTES", 1024 * 1024) as usize,
            received_bytes: v.at_least("PATRON_RECEIVED_BYTES", 1024 * 1024) as usize,
            idle_timeout: v.seconds("PATRON_IDLE_TIMEOUT"),
            // hyper's read buffer needs at least 8 KiB; headers of more than 1 MiB are never legitimate.
            header_bytes: v.between("PATRON_HEADER_BYTES", 8 * 1024, 1024 * 1024),
            passwords_per_address: v.count("PATRON_PASSWORDS_PER_ADDRESS"),
            tokens_per_address: v.count("PATRON_TOKENS_PER_ADDRESS"),
            idempotency_keys: v.at_least("PATRON_IDEMPOTENCY_KEYS", 1),
            admin_idempotency_keys: v.at_least("PATRON_ADMIN_IDEMPOTENCY_KEYS", 1),
        }
    }
}
