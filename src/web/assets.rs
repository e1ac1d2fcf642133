//! Serves files that are embedded into the binary: the console, the playground, the API reference and the account
//! pages.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::crypto::digest::hex;
use crate::http::Failure;

/// The folder of files whose names contain a hash of their content. Browsers may cache them forever.
const HASHED: &str = "assets/";

/// Responds with a file of `F` and this Content-Security-Policy, or with 404.
pub(super) fn file<F: RustEmbed>(path: &str, policy: &'static str) -> Response {
    let Some(file) = F::get(path) else {
        return Failure::from_status(StatusCode::NOT_FOUND).into_response();
    };
    let hash = hex(&file.metadata.sha256_hash());
    // Weak, because the middleware may compress the body (RFC 9110 8.8.3).
    let etag = format!("W/\"{hash}\"");
    let cache = match path.starts_with(HASHED) {
        true => "public, max-age=31536000, immutable",
        // Browsers revalidate the file every time, and get a 304 if it is unchanged.
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
