//! Responses as they are stored for an idempotency key.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header, response};
use axum::response::Response;

use crate::app::idempotency::StoredResponse;

/// The header that marks a stored response.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The headers that are stored with a response.
const STORED_HEADERS: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::ETAG,
    header::CACHE_CONTROL,
    header::ALLOW,
    // Of a login at the shop. Like tokens, it is stored encrypted.
    header::SET_COOKIE,
];

/// Marks a response as a stored one.
#[derive(Clone, Copy, Debug)]
pub(super) struct IsReplay;

/// The stored form of a response.
pub(super) fn stored_response(parts: &response::Parts, body: &[u8]) -> StoredResponse {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers =
        STORED_HEADERS.iter().filter_map(|name| Some((name.to_string(), text(parts.headers.get(name)?)?)));
    StoredResponse {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        // Checked as a whole first, which is several times as fast as the search for invalid bytes.
        body: match std::str::from_utf8(body) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(body).into_owned(),
        },
    }
}

/// The response that was stored.
pub(super) fn response_of(stored: StoredResponse) -> Response {
    let mut response = Response::new(Body::from(stored.body));
    *response.status_mut() = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    for (name, value) in stored.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A stored response to a repeated request, marked as such.
pub(super) fn replay(stored: StoredResponse) -> Response {
    let mut response = response_of(stored);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response.extensions_mut().insert(IsReplay);
    response
}
