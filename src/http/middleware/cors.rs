//! CORS (Fetch, 3.2): only pages from the origins in `PATRON_CORS_ORIGINS` may call from a browser. The default is
//! none.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::http::stored_response::REPLAYED;

/// Response headers that pages may read in addition to the safelisted ones.
const EXPOSED: [HeaderName; 7] = [
    super::request_id::REQUEST_ID,
    REPLAYED,
    header::LOCATION,
    header::RETRY_AFTER,
    header::ETAG,
    super::rate_limit::RATE_LIMIT,
    super::rate_limit::RATE_LIMIT_POLICY,
];
/// How long a browser may cache a preflight response. No browser caches it longer.
const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// The CORS layer, or `None` without origins: browsers refuse cross-origin calls when the response has no CORS headers.
/// Credentials are not allowed: a page of another origin authenticates by a token that it sends, never by a
/// browser-managed credential.
pub(super) fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    // The filter drops nothing: the settings accept only ASCII origins.
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

/// Whether an OPTIONS request is a CORS preflight (Fetch, 3.2.2).
pub(super) fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
