//! Security headers of every response. They tell browsers to restrict how a response can be loaded, framed or executed;
//! other clients ignore them.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::config::ServerConfig;

/// The Content-Security-Policy of a response that is not a page: it may load, run, frame and submit nothing. Pages set
/// their own policy. `default-src` does not cover the last three directives (CSP 3, 6.1).
const NOT_A_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    // Browsers must use the declared Content-Type, and must not detect scripts by content.
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Links to other sites must not disclose our URLs.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // Pages of other origins can't embed our responses. Calls that CORS allows still work.
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Sets the security headers of a response that its handler has not set.
pub(super) fn set_security_headers(response: &mut Response, config: &ServerConfig) {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOT_A_PAGE));
    if let Some(policy) = config.transport_security() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(policy));
    }
}
