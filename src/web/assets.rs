//! Files inside the binary, served to browsers: the playground's, the reference's and those of the account pages.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::http::Failure;

/// Where builds put what has a hash of its content in its name, so that it is good for ever.
const HASHED: &str = "assets/";

/// A file of `F` under this Content-Security-Policy, 404 when there is none.
pub(super) fn file<F: RustEmbed>(path: &str, policy: &'static str) -> Response {
    let Some(file) = F::get(path) else {
        return Failure::from_status(StatusCode::NOT_FOUND).into_response();
    };
    let hash: String = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    // Weak, because the layer around it may compress what is sent (RFC 9110 8.8.3).
    let etag = format!("W/\"{hash}\"");
    let cache = match path.starts_with(HASHED) {
        true => "public, max-age=31536000, immutable",
        // It is asked for every time, and a 304 says that nothing changed.
        false => "no-cache",
    };
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, etag),
        (header::CONTENT_SECURITY_POLICY, policy.to_owned()),
    ];
    (headers, Body::from(file.data)).into_response()
}
