//! How much is taken on at once, from whom, and for how long: `docs/limits.md` tells what clients see of it.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Values;

/// How much is taken on at once, from whom, and for how long.
#[derive(Clone, Debug)]
pub struct LimitConfig {
    /// `PATRON_CONNECTIONS`: open at once; beyond it those that wait for a request are closed.
    pub connections: usize,
    /// `PATRON_CONCURRENT_REQUESTS`: worked on at once; beyond it requests are answered with 503.
    pub requests: usize,
    /// `PATRON_HEADER_TIMEOUT`: from the opening of a connection, or the first byte of a later request, to the end of
    /// the headers.
    pub header_timeout: Duration,
    /// `PATRON_BODY_TIMEOUT`: from the end of the headers to the end of the body.
    pub body_timeout: Duration,
    /// `PATRON_SEND_TIMEOUT`: for the client to take an answer.
    pub send_timeout: Duration,
    /// `PATRON_STALL_TIMEOUT`: for the client to take a part of an answer, over HTTP/2.
    pub stall_timeout: Duration,
    /// `PATRON_UNSENT_BYTES_PER_CONNECTION`: of answers that the client has not taken; beyond it no further request of
    /// the connection is worked on.
    pub unsent_bytes_per_connection: usize,
    /// `PATRON_UNSENT_BYTES`: of answers that clients have not taken, on all connections; beyond it those with the
    /// most are reset.
    pub unsent_bytes: usize,
    /// `PATRON_RECEIVED_BYTES`: of requests that are not answered yet, with their bodies, on all connections; beyond it
    /// those with the most are reset.
    pub received_bytes: usize,
    /// `PATRON_IDLE_TIMEOUT`: from an answer to the next request on the same connection.
    pub idle_timeout: Duration,
    /// `PATRON_HEADER_BYTES`: request line and headers together.
    pub header_bytes: u32,
    /// `PATRON_PASSWORDS_PER_ADDRESS`: requests a minute that have a password hashed.
    pub passwords_per_address: NonZeroU32,
    /// `PATRON_TOKENS_PER_ADDRESS`: requests a minute that come with a token, or ask for one by mail.
    pub tokens_per_address: NonZeroU32,
    /// `PATRON_IDEMPOTENCY_KEYS`: the latest idempotency keys that are kept of a customer, or of a network address
    /// without a token.
    pub idempotency_keys: u32,
    /// `PATRON_ADMIN_IDEMPOTENCY_KEYS`: the same of an admin.
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
            // Less than this hyper has no buffer for; more than a MiB in headers nobody means.
            header_bytes: v.between("PATRON_HEADER_BYTES", 8 * 1024, 1024 * 1024),
            passwords_per_address: v.count("PATRON_PASSWORDS_PER_ADDRESS"),
            tokens_per_address: v.count("PATRON_TOKENS_PER_ADDRESS"),
            idempotency_keys: v.at_least("PATRON_IDEMPOTENCY_KEYS", 1),
            admin_idempotency_keys: v.at_least("PATRON_ADMIN_IDEMPOTENCY_KEYS", 1),
        }
    }
}
