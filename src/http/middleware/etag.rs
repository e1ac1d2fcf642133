//! Entity tags: a client that has what it asks for is told so, and not sent it again (RFC 9110, 13).

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{CacheControl, ETag, HeaderMapExt, IfNoneMatch};
use sha2::{Digest, Sha256};

use crate::http::failure::Failure;
use crate::types::read_entity_tags;

/// The largest body that is hashed, in bytes. What is larger goes without a tag.
const MAX_HASHED: u64 = 4 * 1024 * 1024;

/// Gives answers to GET that may be kept a tag, unless they have one, and answers 304 when the client has them.
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
    // The answer to HEAD has no body that could be hashed.
    if get && may_be_kept(response.headers()) && !response.headers().contains_key(header::ETAG) {
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

/// The entity tag of a body. Weak, because the layer around it may compress what is sent (RFC 9110 8.8.3).
pub fn entity_tag(body: &[u8]) -> Option<HeaderValue> {
    // 128 bits tell bodies apart.
    let hash: String = Sha256::digest(body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("W/\"{hash}\"")).ok()
}

/// Whether `Cache-Control` says that an answer may be kept; one that says nothing is not.
fn may_be_kept(headers: &HeaderMap) -> bool {
    headers.typed_get::<CacheControl>().is_some_and(|control| !control.no_store())
}

async fn hashed(response: Response) -> Result<Response, Failure> {
    if response.body().size_hint().exact().is_none_or(|size| size > MAX_HASHED) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| {
        tracing::error!(%error, "a body broke off");
        Failure::internal()
    })?;
    parts.headers.extend(entity_tag(&bytes).map(|tag| (header::ETAG, tag)));
    // What depends on the layer around it has to be said in a 304 as well (RFC 9110 15.4.5).
    if !parts.headers.contains_key(header::VARY) {
        parts.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}
