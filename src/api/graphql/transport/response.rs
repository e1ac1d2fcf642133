//! Writes HTTP responses: the status, the media type, and whether caches may store the response.
//!
//! A result that doesn't fit into the maximum response size is replaced by an error while it is written.

use std::io::{self, Write};

use async_graphql::{Response as GraphqlResponse, ServerError};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::document;
use super::public::PublicResponse;
use crate::api::graphql::budget::RequestBudget;
use crate::api::graphql::error;
use crate::http::MediaType;

/// How long caches may store a response that is the same for all callers. It changes only with a new release, for
/// example the name of a country.
const PUBLIC_CACHE_CONTROL: &str = "public, max-age=3600";

/// The result of an operation.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ExecutionResult {
    /// The operation ran, perhaps with field errors.
    Executed(GraphqlResponse),
    /// The operation did not run. The response has no `data`, not even null (specification 7.1).
    RequestError { errors: Vec<ServerError> },
}

impl From<GraphqlResponse> for ExecutionResult {
    fn from(mut response: GraphqlResponse) -> Self {
        error::normalize_errors(&mut response);
        if error::is_request_error(&response) {
            Self::RequestError { errors: response.errors }
        } else {
            Self::Executed(response)
        }
    }
}

impl From<document::RequestError> for ExecutionResult {
    fn from(error: document::RequestError) -> Self {
        Self::RequestError { errors: error.errors }
    }
}

impl ExecutionResult {
    pub(super) fn errors(&self) -> &[ServerError] {
        match self {
            Self::Executed(response) => &response.errors,
            Self::RequestError { errors } => errors,
        }
    }

    /// The result of an operation whose response is too large. It ran, so `data` is present (specification 7.1).
    pub(super) fn too_large(budget: &RequestBudget) -> Self {
        Self::Executed(GraphqlResponse::from_errors(vec![budget.too_large()]))
    }
}

/// What a written result contains.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultKind {
    /// Data without errors.
    Data,
    /// Errors, and data that may be partial or null.
    Errors,
    /// Errors without data: the operation did not run.
    RequestError,
}

/// The body of a response, which never exceeds the maximum size.
pub(super) struct BoundedBody<'a> {
    bytes: Vec<u8>,
    budget: &'a RequestBudget,
}

/// Fails when the body would exceed the maximum size.
impl Write for BoundedBody<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.budget.max_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> BoundedBody<'a> {
    pub(super) fn new(budget: &'a RequestBudget) -> Self {
        Self { bytes: Vec::with_capacity(128), budget }
    }

    /// Writes a result. One that doesn't fit is replaced by an error.
    pub(super) fn write_result(&mut self, result: ExecutionResult) -> ResultKind {
        let start = self.bytes.len();
        if serde_json::to_writer(&mut *self, &result).is_ok() {
            return match result {
                ExecutionResult::Executed(response) if response.errors.is_empty() => ResultKind::Data,
                ExecutionResult::Executed(_) => ResultKind::Errors,
                ExecutionResult::RequestError { .. } => ResultKind::RequestError,
            };
        }
        self.bytes.truncate(start);
        // This error may exceed the limit: a full batch gets one for each of its remaining operations.
        if let Err(error) = serde_json::to_writer(&mut self.bytes, &ExecutionResult::too_large(self.budget)) {
            tracing::error!(%error, "an error could not be written");
        }
        ResultKind::Errors
    }

    /// Writes the bracket or comma before or after a result of a batch.
    pub(super) fn write_separator(&mut self, separator: u8) {
        self.bytes.push(separator);
    }

    /// The bytes without spare capacity, because they stay in memory until the client has read them.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.shrink_to_fit();
        self.bytes
    }
}

/// The response to a single operation.
pub(super) fn single(
    body: Vec<u8>,
    written: ResultKind,
    media_type: MediaType,
    request: &HeaderMap,
) -> Response {
    let status = match written {
        ResultKind::RequestError if media_type == MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        ResultKind::Data | ResultKind::Errors | ResultKind::RequestError => StatusCode::OK,
    };
    respond(body, status, media_type, request)
}

/// The response to a batch, with the results in the order of the operations. Its status doesn't depend on them.
pub(super) fn batch(body: Vec<u8>, media_type: MediaType, request: &HeaderMap) -> Response {
    respond(body, StatusCode::OK, media_type, request)
}

/// A response that is the same for all callers. Caches may store it when the request was a URL without a token.
pub(super) fn public(
    PublicResponse { body, tag }: PublicResponse,
    by_url: bool,
    media_type: MediaType,
    request: &HeaderMap,
) -> Response {
    let mut response = respond(body, StatusCode::OK, media_type, request);
    if by_url && !request.contains_key(header::AUTHORIZATION) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(PUBLIC_CACHE_CONTROL));
        headers.extend(tag.map(|tag| (header::ETAG, tag)));
    }
    response
}

fn respond(
    body: impl Into<Body>,
    status: StatusCode,
    media_type: MediaType,
    request: &HeaderMap,
) -> Response {
    let mut response = (status, body.into()).into_response();
    let cache = match request.contains_key(header::AUTHORIZATION) {
        true => "private, no-store",
        false => "no-store",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.name()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Accept, Accept-Encoding"));
    response
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;
    use crate::api::graphql::budget::PendingBytes;
    use crate::config::GraphqlConfig;

    fn budget() -> RequestBudget {
        RequestBudget::new(
            &GraphqlConfig {
                max_depth: 1,
                max_complexity: 1,
                max_aliases: 1,
                max_response_bytes: 100,
                total_response_bytes: 1000,
                batch: 2,
                introspection: false,
            },
            &PendingBytes::default(),
        )
    }

    fn texts(length: usize) -> ExecutionResult {
        ExecutionResult::Executed(GraphqlResponse::new(value!({"a": "\n".repeat(length)})))
    }

    /// JSON writes a line break as two bytes, so the size of a response is known only when it is written.
    #[test]
    fn a_body_never_exceeds_the_limit() {
        let budget = budget();
        let mut body = BoundedBody::new(&budget);
        assert!(body.write_result(texts(40)) == ResultKind::Data);
        assert!(body.into_bytes().len() <= 100);
        let mut body = BoundedBody::new(&budget);
        assert!(body.write_result(texts(50)) == ResultKind::Errors);
        let body: serde_json::Value = serde_json::from_slice(&body.into_bytes()).expect("JSON");
        assert_eq!(body["data"], serde_json::Value::Null);
        assert_eq!(body["errors"][0]["extensions"]["code"], "ANSWER_TOO_LARGE");
    }

    #[test]
    fn the_results_of_a_batch_share_the_limit() {
        let budget = budget();
        let mut body = BoundedBody::new(&budget);
        body.write_separator(b'[');
        assert!(body.write_result(texts(20)) == ResultKind::Data);
        body.write_separator(b',');
        assert!(body.write_result(texts(20)) == ResultKind::Errors);
        body.write_separator(b']');
        let body: serde_json::Value = serde_json::from_slice(&body.into_bytes()).expect("JSON");
        assert!(body[0]["data"]["a"].is_string() && body[0]["errors"].is_null());
        assert_eq!(body[1]["errors"][0]["extensions"]["code"], "ANSWER_TOO_LARGE");
    }
}
