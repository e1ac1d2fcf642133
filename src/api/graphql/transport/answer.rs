//! An answer on its way out: its status, its media type, and who may keep it.

use std::io::{self, Write};

use async_graphql::{Response as GraphqlResponse, ServerError};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::document;
use super::public::PublicAnswer;
use crate::api::graphql::budget::Budget;
use crate::api::graphql::error;
use crate::http::MediaType;

/// For how long anybody may keep what is the same for all: the names of countries change with a new release.
const PUBLIC: &str = "public, max-age=3600";

/// What came of an operation.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Execution {
    /// It was run.
    Ran(GraphqlResponse),
    /// It was not, and has no `data`, not even null (specification 7.1).
    Refused {
        /// Why.
        errors: Vec<ServerError>,
    },
}

impl From<GraphqlResponse> for Execution {
    fn from(mut response: GraphqlResponse) -> Self {
        error::complete(&mut response);
        if error::nothing_ran(&response) {
            Self::Refused { errors: response.errors }
        } else {
            Self::Ran(response)
        }
    }
}

impl From<document::Refused> for Execution {
    fn from(refused: document::Refused) -> Self {
        Self::Refused { errors: refused.errors }
    }
}

impl Execution {
    /// The errors in it.
    pub(super) fn errors(&self) -> &[ServerError] {
        match self {
            Self::Ran(response) => &response.errors,
            Self::Refused { errors } => errors,
        }
    }

    /// It was made, or would have been, and is too large. It ran, so `data` is there (specification 7.1).
    pub(super) fn too_large(budget: &Budget) -> Self {
        Self::Ran(GraphqlResponse::from_errors(vec![budget.too_large()]))
    }
}

/// What was written of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// All that it asked for.
    Data,
    /// Errors, and what is left of the data.
    Errors,
    /// Why it was not run.
    Refusal,
}

/// The body of an answer, which never grows beyond the limit.
pub(super) struct AnswerBody<'a> {
    bytes: Vec<u8>,
    budget: &'a Budget,
}

/// Fails when the body would be larger than the limit.
impl Write for AnswerBody<'_> {
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

impl<'a> AnswerBody<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self { bytes: Vec::with_capacity(128), budget }
    }

    /// Writes an outcome; one that doesn't fit is replaced by an error.
    pub(super) fn write_outcome(&mut self, outcome: Execution) -> Written {
        let start = self.bytes.len();
        if serde_json::to_writer(&mut *self, &outcome).is_ok() {
            return match outcome {
                Execution::Ran(response) if response.errors.is_empty() => Written::Data,
                Execution::Ran(_) => Written::Errors,
                Execution::Refused { .. } => Written::Refusal,
            };
        }
        self.bytes.truncate(start);
        // A batch that is full holds a few of these more.
        if let Err(error) = serde_json::to_writer(&mut self.bytes, &Execution::too_large(self.budget)) {
            tracing::error!(%error, "an error could not be written");
        }
        Written::Errors
    }

    /// The bracket or comma between the outcomes of a batch.
    pub(super) fn write_separator(&mut self, separator: u8) {
        self.bytes.push(separator);
    }

    /// The bytes, without room for more: they wait for the client.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.shrink_to_fit();
        self.bytes
    }
}

/// The answer to one operation.
pub(super) fn one(body: Vec<u8>, written: Written, media_type: MediaType, request: &HeaderMap) -> Response {
    let status = match written {
        Written::Refusal if media_type == MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        Written::Data | Written::Errors | Written::Refusal => StatusCode::OK,
    };
    respond(body, status, media_type, request)
}

/// The answers to a batch, in its order; the status tells nothing of them.
pub(super) fn batch(body: Vec<u8>, media_type: MediaType, request: &HeaderMap) -> Response {
    respond(body, StatusCode::OK, media_type, request)
}

/// An answer that is the same for everybody. Caches may keep what was asked for by a URL, without a token.
pub(super) fn public(
    PublicAnswer { body, tag }: PublicAnswer,
    by_url: bool,
    media_type: MediaType,
    request: &HeaderMap,
) -> Response {
    let mut response = respond(body, StatusCode::OK, media_type, request);
    if by_url && !request.contains_key(header::AUTHORIZATION) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
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
    use crate::api::graphql::budget::Making;
    use crate::config::GraphqlConfig;

    fn budget() -> Budget {
        Budget::new(
            &GraphqlConfig {
                max_depth: 1,
                max_complexity: 1,
                max_aliases: 1,
                max_answer_bytes: 100,
                answers_bytes: 1000,
                batch: 2,
                introspection: false,
            },
            &Making::default(),
        )
    }

    fn texts(length: usize) -> Execution {
        Execution::Ran(GraphqlResponse::new(value!({"a": "\n".repeat(length)})))
    }

    /// A line break takes two bytes there: only what is written tells how large an answer is.
    #[test]
    fn a_body_is_never_larger_than_the_limit() {
        let budget = budget();
        let mut body = AnswerBody::new(&budget);
        assert!(body.write_outcome(texts(40)) == Written::Data);
        assert!(body.into_bytes().len() <= 100);
        let mut body = AnswerBody::new(&budget);
        assert!(body.write_outcome(texts(50)) == Written::Errors);
        let body: serde_json::Value = serde_json::from_slice(&body.into_bytes()).expect("it is JSON");
        assert_eq!(body["data"], serde_json::Value::Null);
        assert_eq!(body["errors"][0]["extensions"]["code"], "ANSWER_TOO_LARGE");
    }

    #[test]
    fn the_outcomes_of_a_batch_share_it() {
        let budget = budget();
        let mut body = AnswerBody::new(&budget);
        body.write_separator(b'[');
        assert!(body.write_outcome(texts(20)) == Written::Data);
        body.write_separator(b',');
        assert!(body.write_outcome(texts(20)) == Written::Errors);
        body.write_separator(b']');
        let body: serde_json::Value = serde_json::from_slice(&body.into_bytes()).expect("it is JSON");
        assert!(body[0]["data"]["a"].is_string() && body[0]["errors"].is_null());
        assert_eq!(body[1]["errors"][0]["extensions"]["code"], "ANSWER_TOO_LARGE");
    }
}
