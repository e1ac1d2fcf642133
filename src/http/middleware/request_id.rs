//! The identifier of a request.

use axum::extract::Request;
use axum::http::HeaderName;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The maximum length of a request id that a client sends.
const MAX_REQUEST_ID: usize = 64;

/// The id of a request, in its log lines, its response header and its failures.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// The request id from the client or a proxy, if it is short and plain enough not to forge log lines.
pub(super) fn incoming_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.chars().all(plain)).then(|| id.to_owned())
}
