//! `/api/openapi.json`: the OpenAPI document.

use axum::Extension;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};

use crate::http::failures::{Failing, Read};

/// Makes the document, which is of all routes: only who puts them together has it.
#[derive(Clone, Copy, Debug)]
pub struct Document(pub fn() -> &'static str);

/// This document
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "documents",
    security(()),
    responses(
        (status = 200, description = "The OpenAPI document", content_type = "application/json", body = serde_json::Map<String, serde_json::Value>),
        (status = 304, description = "The client has it: `If-None-Match` names its `ETag`"),
        Failing<Read>,
    )
)]
pub(super) async fn get_openapi(
    Extension(Document(document)): Extension<Document>,
) -> ([(HeaderName, HeaderValue); 2], &'static str) {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // To be asked for every time; a 304 says that nothing changed.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, document())
}
