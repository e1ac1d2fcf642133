//! Entity tags and conditional requests (RFC 9110, 13).
//!
//! A cacheable response to GET gets a weak entity tag, the hash of its body, unless the handler has set one. When
//! `If-None-Match` of a GET or HEAD matches the tag, the response is a 304 without a body.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{CacheControl, ETag, HeaderMapExt, IfNoneMatch};
use sha2::{Digest, Sha256};

use crate::crypto::digest::hex;
use crate::http::failure::Failure;
use crate::types::read_entity_tags;

/// Size of the largest body that is hashed, in bytes. A larger body gets no tag.
const MAX_HASHED: u64 = 4 * 1024 * 1024;

/// Sets the entity tag of a cacheable response, and turns the response into a 304 when `If-None-Match` matches.
pub(super) async fn set_entity_tag(
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let (get, head) = (request.method() == Method::GET, request.method() == Method::HEAD);
    // An invalid header is ignored: the client gets the full response.
    let condition: Option<IfNoneMatch> =
        read_entity_tags(request.headers().get_all(header::IF_NONE_MATCH).iter());
    let mut response = next(request).await;
    if response.status() != StatusCode::OK || !(get || head) {
        return response;
    }
    // The response to HEAD has no body to hash.
    if get && is_cacheable(response.headers()) && !response.headers().contains_key(header::ETAG) {
        response = match hashed(response).await {
            Ok(response) => response,
            Err(failure) => return failure.into_response(),
        };
    }
    let Some(condition) = condition else { return response };
    if response.headers().typed_get::<ETag>().is_some_and(|tag| !condition.precondition_passes(&tag)) {
        let (mut parts, _) = response.into_parts();
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    response
}

/// The entity tag of a body. It is weak because an outer layer may compress the body (RFC 9110 8.8.3).
pub(crate) fn entity_tag(body: &[u8]) -> Option<HeaderValue> {
    // 128 bits are enough to distinguish bodies.
    let hash = hex(&Sha256::digest(body)[..16]);
    HeaderValue::from_str(&format!("W/\"{hash}\"")).ok()
}

/// Whether `Cache-Control` allows caches to store a response. Without the header it is not stored.
fn is_cacheable(headers: &HeaderMap) -> bool {
    headers.typed_get::<CacheControl>().is_some_and(|control| !control.no_store())
}

async fn hashed(response: Response) -> Result<Response, Failure> {
    if response.body().size_hint().exact().is_none_or(|size| size > MAX_HASHED) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| {
        tracing::error!(%error, "a response body failed");
        Failure::internal()
    })?;
    parts.headers.extend(entity_tag(&bytes).map(|tag| (header::ETAG, tag)));
    // A 304 must have the same `Vary` as the 200, which the outer compression layer sets (RFC 9110 15.4.5).
    if !parts.headers.contains_key(header::VARY) {
        parts.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}
