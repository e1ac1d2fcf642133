//! What every answer tells a browser to keep it from being used against whoever reads it. Programs don't look at it.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::config::ServerConfig;

/// What may be loaded, run, framed or submitted by an answer that is no page: nothing. A page says by itself what it
/// consists of. The last three don't follow the first (CSP 3, 6.1).
const NOT_A_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    // The type is what Content-Type says; nothing is taken for a script because it looks like one.
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Our URLs are nobody else's business.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // No page of another origin embeds anything of ours. Those that CORS lets call are not kept out by it.
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds them to an answer.
pub(super) fn set_security_headers(response: &mut Response, config: &ServerConfig) {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOT_A_PAGE));
    if let Some(policy) = config.transport_security() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(policy));
    }
}
