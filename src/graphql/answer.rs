//! An answer on its way out: its status, its media type, and who may keep it.

use async_graphql::{Response as GraphqlResponse, ServerError};
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error;
use crate::http::MediaType;

/// For how long anybody may keep what is the same for all: the names of countries change with a new release.
const PUBLIC: &str = "public, max-age=3600";

/// What came of an operation.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Outcome {
    /// It was run.
    Ran(GraphqlResponse),
    /// It was not, and has no `data`, not even null (specification 7.1).
    Refused {
        /// Why.
        errors: Vec<ServerError>,
    },
}

impl From<GraphqlResponse> for Outcome {
    fn from(mut response: GraphqlResponse) -> Self {
        error::complete(&mut response);
        if error::nothing_ran(&response) {
            Self::Refused { errors: response.errors }
        } else {
            Self::Ran(response)
        }
    }
}

impl From<ServerError> for Outcome {
    fn from(error: ServerError) -> Self {
        Self::Refused { errors: vec![error] }
    }
}

/// Whether an answer is the same for everybody who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Everybody,
    TheCaller,
}

/// The answer to one operation.
pub(super) fn one(
    outcome: &Outcome,
    audience: Audience,
    media_type: MediaType,
    request: &HeaderMap,
) -> Response {
    let (status, ran_well) = match outcome {
        Outcome::Ran(response) => (StatusCode::OK, response.errors.is_empty()),
        Outcome::Refused { .. } if media_type == MediaType::GraphqlResponse => {
            (StatusCode::BAD_REQUEST, false)
        }
        Outcome::Refused { .. } => (StatusCode::OK, false),
    };
    let audience = if ran_well { audience } else { Audience::TheCaller };
    write(outcome, status, media_type, audience, request)
}

/// The answers to a batch, in its order; the status tells nothing of them.
pub(super) fn batch(outcomes: &[Outcome], media_type: MediaType, request: &HeaderMap) -> Response {
    write(&outcomes, StatusCode::OK, media_type, Audience::TheCaller, request)
}

fn write(
    body: &impl Serialize,
    status: StatusCode,
    media_type: MediaType,
    audience: Audience,
    request: &HeaderMap,
) -> Response {
    let mut response = (status, Json(body)).into_response();
    let cache = match (request.contains_key(header::AUTHORIZATION), audience) {
        (true, _) => "private, no-store",
        (false, Audience::Everybody) => PUBLIC,
        (false, Audience::TheCaller) => "no-store",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.name()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Accept, Accept-Encoding"));
    response
}
