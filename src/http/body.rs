//! JSON bodies.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};

use super::Failure;

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// A body that is a JSON object. No Debug: it may hold a password.
pub struct JsonObject(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        match read_json(&parts.headers, body).await? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "validation_failed",
                "The body must be a JSON object",
            )),
        }
    }
}

/// Reads a JSON body.
///
/// # Errors
/// 415 when its content type isn't JSON, 413 when it is too large, 400 when it can't be read as JSON.
async fn read_json(headers: &HeaderMap, body: Body) -> Result<Value, Failure> {
    let text = read_json_text(headers, body).await?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::malformed(format!("The body is not valid JSON: {error}")))
}

/// Reads a body that is to be JSON.
///
/// # Errors
/// 415 when its content type isn't JSON, 413 when it is too large, 400 when it breaks off or is empty.
pub async fn read_json_text(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    if !is_json(headers) {
        return Err(Failure::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let text = read_bytes(body).await?;
    if text.is_empty() {
        return Err(Failure::malformed("The body is empty; it must be JSON"));
    }
    Ok(text)
}

/// Reads a body.
///
/// # Errors
/// 413 when it is too large, 400 when it breaks off.
pub(super) async fn read_bytes(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        if error.into_inner().is::<LengthLimitError>() {
            Failure::from_status(StatusCode::PAYLOAD_TOO_LARGE)
        } else {
            Failure::malformed("The body could not be read to its end")
        }
    })
}

/// `application/json` and everything that is JSON by its suffix (RFC 6839 3.1), in UTF-8 as JSON has to be (RFC
/// 8259 8.1).
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = content_type.unwrap_or_default().split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let mut charsets =
        parts.filter_map(|part| Some(part.strip_prefix("charset=")?.trim_matches('"').to_owned()));
    if charsets.any(|charset| !["utf-8", "utf8", "us-ascii"].contains(&charset.as_str())) {
        return false;
    }
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
