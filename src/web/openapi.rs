//! `/api/openapi.json`: the OpenAPI document of the running server.

use axum::Extension;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};

use crate::http::failure::documented::{Failing, Read};

/// Returns the document. The router passes this function, because the document describes all routes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document(pub(crate) fn() -> &'static str);

/// Get this document
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "documents",
    security(()),
    responses(
        (status = 200, description = "The OpenAPI document", content_type = "application/json", body = serde_json::Map<String, serde_json::Value>),
        (status = 304, description = "The client has the current document: `If-None-Match` matches its `ETag`"),
        Failing<Read>,
    )
)]
pub(super) async fn get_openapi(
    Extension(Document(document)): Extension<Document>,
) -> ([(HeaderName, HeaderValue); 2], &'static str) {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // Clients revalidate the document every time, and get a 304 if it is unchanged.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, document())
}
