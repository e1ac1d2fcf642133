//! Which pages of other origins may call (Fetch, 3.2): those of the setting, none by default.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// What pages may read of an answer besides what they may always.
const EXPOSED: [HeaderName; 7] = [
    super::REQUEST_ID,
    super::idempotency::REPLAYED,
    header::LOCATION,
    header::RETRY_AFTER,
    header::ETAG,
    super::rate_limit::RATE_LIMIT,
    super::rate_limit::RATE_LIMIT_POLICY,
];
/// For how long a browser may remember what it was told; none remembers longer.
const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// None for no origins: then nothing is said of other origins at all, and browsers keep them out. Callers are
/// known by the tokens they send; a browser adds nothing by itself, so no credentials are allowed.
pub(super) fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    // None is left out: an origin is plain ASCII, or the settings refuse it.
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(MAX_AGE)
        .vary([header::ORIGIN]);
    Some(layer)
}

/// Whether a browser asks what a page may do (Fetch, 3.2.2), and not a client what a URL can do.
pub(super) fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
