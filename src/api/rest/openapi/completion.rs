//! Adds to every operation the headers that the middleware reads and sets.

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Response};

use super::headers::{
    ACCEPT_ENCODING, CHALLENGE, ENTITY_TAG, LOCATION, RATE_LIMIT, RATE_LIMIT_POLICY, REPLAYED, REQUEST_ID,
    describe, refer,
};
use super::parameters::{idempotency_key, if_match};
use super::webhooks::webhooks;
use crate::http::failure::documented::RETRY_AFTER;
use crate::http::rate_limit_policy;

/// Adds the common headers to all operations, and the requests of webhooks.
pub fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            if method != Method::GET {
                complete_change(operation);
            }
            let is_limited = rate_limit_policy(&method, path).is_some();
            for (status, response) in responses(operation) {
                complete_response(status, response, is_limited);
            }
        }
    }
    document.webhooks = Some(webhooks());
    describe(document.components.get_or_insert_default());
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, post, patch, delete, .. } = item;
    let all = [(Method::GET, get), (Method::POST, post), (Method::PATCH, patch), (Method::DELETE, delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn responses(operation: &mut Operation) -> impl Iterator<Item = (&String, &mut Response)> {
    operation.responses.responses.iter_mut().filter_map(|(status, response)| match response {
        RefOr::T(response) => Some((status, response)),
        RefOr::Ref(_) => None,
    })
}

/// Adds `Idempotency-Key` to a change, and `If-Match` if it can fail with 412.
fn complete_change(operation: &mut Operation) {
    let has_versions = operation.responses.responses.contains_key("412");
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(idempotency_key().into());
    if has_versions {
        parameters.push(if_match().into());
    }
    for (_, response) in responses(operation) {
        refer(response, "Idempotency-Replayed", REPLAYED);
    }
}

fn complete_response(status: &str, response: &mut Response, is_limited: bool) {
    if response.headers.contains_key("ETag") {
        refer(response, "ETag", ENTITY_TAG);
    }
    let mut header = |name: &str, component| refer(response, name, component);
    header("X-Request-Id", REQUEST_ID);
    if is_limited {
        header("RateLimit", RATE_LIMIT);
        header("RateLimit-Policy", RATE_LIMIT_POLICY);
    }
    match status {
        "201" => header("Location", LOCATION),
        "401" => header("WWW-Authenticate", CHALLENGE),
        "415" => header("Accept-Encoding", ACCEPT_ENCODING),
        "429" | "503" => header("Retry-After", RETRY_AFTER),
        _ => {}
    }
}
