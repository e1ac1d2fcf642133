//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).

use axum::http::{HeaderMap, HeaderName};
use secrecy::SecretString;

use crate::error::Error;

/// The name of the header.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The maximum length of a key, in characters.
const MAX_KEY: usize = 255;

/// Marks a request with a malformed key.
#[derive(Clone, Copy, Debug)]
pub(super) struct MalformedKey;

/// The error for a malformed key.
pub(super) fn malformed_key() -> Error {
    let message = format!(
        "Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters other than quotation marks, once"
    );
    Error::invalid("Idempotency-Key", message)
}

/// Reads the key: 1 to 255 visible ASCII characters, with or without surrounding quotation marks (RFC 9651 3.3.3). A
/// key must not contain quotation marks, because clients escape them differently.
pub(super) fn read_key(headers: &HeaderMap) -> Option<SecretString> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let value = values.next()?.to_str().ok()?;
    let key = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    let visible =
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    (visible && values.next().is_none()).then(|| key.to_owned().into())
}
