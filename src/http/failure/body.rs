//! The response bodies of failures: the envelope of the REST API, and GraphQL responses.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::detail::Detail;
use super::{Failure, FailureCode};
use crate::http::caching::NO_STORE;
use crate::http::extract::accept::MediaType;

/// A request id, for the examples in the OpenAPI document.
pub(crate) const EXAMPLE_REQUEST_ID: &str = "4be2ef3a9b6f4d7c8e1a2b3c4d5e6f70";

/// The format of a failure's response body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureFormat {
    /// The envelope of the REST API.
    Rest,
    /// A GraphQL response. The media type `application/graphql-response+json` tells a client that the GraphQL server
    /// wrote the response, not an intermediary. A client must not parse the body of a 401 with any other media type
    /// (GraphQL over HTTP, 6.4).
    Graphql(MediaType),
}

/// The body of every failure.
#[derive(Serialize, ToSchema)]
pub(crate) struct FailureEnvelope {
    /// Description of the failure.
    pub(crate) error: FailureBody,
}

/// Description of a failure.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureBody {
    /// HTTP status of the response.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub(crate) status: u16,
    /// Message for people. If there are details, it is the message of the first one.
    #[schema(example = "Email is required")]
    pub(crate) message: String,
    /// Stable error code, for programs.
    #[schema(example = "validation_failed")]
    pub(crate) code: FailureCode,
    /// All problems, one per field.
    pub(crate) details: Vec<Detail>,
    /// Id of this request in the server's log; also in the header `X-Request-Id`.
    #[schema(pattern = "^[0-9A-Za-z._-]{1,64}$", example = json!(EXAMPLE_REQUEST_ID))]
    pub(crate) request_id: String,
}

impl Failure {
    /// The response body in the envelope of the REST API.
    pub(crate) fn envelope(self, request_id: String) -> FailureEnvelope {
        FailureEnvelope {
            error: FailureBody {
                status: self.status.as_u16(),
                message: self.message,
                code: self.code,
                details: self.details,
                request_id,
            },
        }
    }

    /// The response body as a GraphQL response (GraphQL over HTTP, 6.4).
    pub(crate) fn graphql(self, request_id: &str) -> serde_json::Value {
        serde_json::json!({"errors": [{
            "message": self.message,
            "extensions": {"code": self.code.as_str().to_ascii_uppercase(), "request_id": request_id},
        }]})
    }

    /// The response in this format.
    pub(crate) fn render(self, request_id: &str, format: FailureFormat) -> Response {
        let (status, retry_after, accept_encoding) = (self.status, self.retry_after, self.accept_encoding);
        let mut response = match format {
            FailureFormat::Rest => Json(self.envelope(request_id.to_owned())).into_response(),
            FailureFormat::Graphql(media_type) => {
                let content_type = [(header::CONTENT_TYPE, media_type.name())];
                (content_type, Json(self.graphql(request_id))).into_response()
            }
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        // Caches may store a 404 unless the response forbids it (RFC 9110 15.1).
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(codings) = accept_encoding {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(codings));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 11.6.1 requires the header, RFC 6750 3 defines its value.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
