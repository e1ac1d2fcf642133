//! Reads JSON request bodies.
//!
//! A body must be declared as JSON in UTF-8, without a content coding, and must not exceed [`MAX_BODY_BYTES`].
//! Otherwise the request fails with 400, 413 or 415.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use headers::{ContentType, HeaderMapExt, Mime};
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::http::body_limit::MAX_BODY_BYTES;
use crate::http::failure::{Failure, FailureCode};
use crate::types::inexact_property;

/// The properties of bodies whose numbers are stored. They come back as they were sent.
const KEPT_PROPERTIES: &[&str] = &["meta_data", "metafields", "subFields", "validations"];

/// A request body that is a JSON object. It does not implement `Debug`, because it may contain a password.
pub(crate) struct JsonObject(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        match read_json(&parts.headers, body).await? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(Failure::new(FailureCode::ValidationFailed, "The body must be a JSON object")),
        }
    }
}

/// Reads and parses a JSON body. A number that is stored, and would be rounded, is refused.
async fn read_json(headers: &HeaderMap, body: Body) -> Result<Value, Failure> {
    let text = read_json_text(headers, body).await?;
    let value = serde_json::from_slice(&text)
        .map_err(|error| Failure::malformed(format!("The body is not valid JSON: {error}")))?;
    match inexact_property(&text, KEPT_PROPERTIES) {
        Some((property, reason)) => Err(Error::invalid(property, reason).into()),
        None => Ok(value),
    }
}

/// Reads a body that is declared as JSON, without parsing it.
///
/// # Errors
/// 400 for several `Content-Type` headers and for a body that is empty or incomplete, 413 for a body that is too large,
/// 415 for a content type other than JSON in UTF-8 and for a content coding.
pub(crate) async fn read_json_text(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    require_json(headers)?;
    let text = read_bytes(body).await?;
    if text.is_empty() {
        return Err(Failure::malformed("The body is empty; it must be JSON"));
    }
    Ok(text)
}

/// Checks that the headers declare JSON in UTF-8 without a content coding.
fn require_json(headers: &HeaderMap) -> Result<(), Failure> {
    // `ContentType` reads the first header, and a proxy may have read a different one.
    if headers.get_all(header::CONTENT_TYPE).iter().nth(1).is_some() {
        return Err(
            Error::invalid("Content-Type", "The request has more than one Content-Type header").into()
        );
    }
    if has_content_coding(headers) {
        return Err(Failure::content_coding());
    }
    // What nearly all clients send, without parsing it as a media type.
    if headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json") {
        return Ok(());
    }
    let content_type = headers.typed_get::<ContentType>().map(Mime::from);
    if content_type.is_some_and(|content_type| is_json(&content_type) && is_utf_8(&content_type)) {
        Ok(())
    } else {
        Err(Failure::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// Reads a body up to the size limit.
///
/// # Errors
/// 413 for a body that is too large, 400 for an incomplete one.
pub(crate) async fn read_bytes(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        if error.into_inner().is::<LengthLimitError>() {
            Failure::from_status(StatusCode::PAYLOAD_TOO_LARGE)
        } else {
            Failure::malformed("The body could not be read completely")
        }
    })
}

/// Whether a body has a content coding other than `identity`. Parsed by hand, because `headers::ContentEncoding` can
/// only check for one given coding.
fn has_content_coding(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings =
        lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// Whether a media type is JSON: `application/json`, or one with the suffix `+json` (RFC 6839 3.1).
pub(crate) fn is_json(media_type: &Mime) -> bool {
    let is_json_suffix = media_type.suffix().is_some_and(|suffix| suffix == "json");
    media_type.essence_str() == "application/json" || (media_type.type_() == "application" && is_json_suffix)
}

/// Whether the charset is UTF-8, which JSON requires (RFC 8259 8.1), or ASCII, which is a subset.
fn is_utf_8(media_type: &Mime) -> bool {
    let mut charsets = media_type.params().filter(|(name, _)| *name == "charset");
    charsets.all(|(_, charset)| ["utf-8", "utf8", "us-ascii"].iter().any(|utf_8| charset == *utf_8))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::require_json;

    fn status(lines: &[(header::HeaderName, &'static str)]) -> u16 {
        let line = |(name, value): &(header::HeaderName, &'static str)| {
            (name.clone(), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        require_json(&headers).map_or_else(|failure| failure.status.as_u16(), |()| 200)
    }

    #[test]
    fn the_content_type_must_be_json_in_utf_8() {
        for (content_type, expected) in [
            ("application/json", 200),
            ("Application/JSON; Charset=UTF-8", 200),
            ("application/json;charset=\"utf-8\"", 200),
            ("application/json; charset=us-ascii", 200),
            ("application/json; v=1; charset=utf8", 200),
            ("application/json;", 200),
            ("application/merge-patch+json", 200),
            ("application/json; charset=iso-8859-1", 415),
            ("application/json; charset=utf-8; charset=utf-16", 415),
            ("application/json+xml", 415),
            ("text/json", 415),
            ("text/plain", 415),
            ("application/json, application/json", 415),
            ("json", 415),
            ("", 415),
        ] {
            assert_eq!(status(&[(header::CONTENT_TYPE, content_type)]), expected, "{content_type}");
        }
        assert_eq!(status(&[]), 415);
        let twice = (header::CONTENT_TYPE, "application/json");
        assert_eq!(status(&[twice.clone(), twice]), 400);
    }

    #[test]
    fn a_content_coding_is_refused() {
        let json = (header::CONTENT_TYPE, "application/json");
        for (codings, expected) in [
            (&["identity"][..], 200),
            (&["Identity, identity"], 200),
            (&[""], 200),
            (&[" , ,"], 200),
            (&["gzip"], 415),
            (&["identity, br"], 415),
            (&["identity", "deflate"], 415),
            (&["x"], 415),
        ] {
            let mut lines = vec![json.clone()];
            lines.extend(codings.iter().map(|coding| (header::CONTENT_ENCODING, *coding)));
            assert_eq!(status(&lines), expected, "{codings:?}");
        }
    }
}
