//! Whether caches may store a response.

use axum::http::HeaderValue;

/// The value of `Cache-Control` for a response that caches must not store (RFC 9111 5.2.2.5).
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
