//! Failures as clients receive them.
//!
//! A handler returns a [`Failure`]. The outermost middleware renders its body. All failures, including panics and
//! timeouts, therefore have the same format and contain the request id.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::media_type::MediaType;
use super::failure_code::FailureCode;
use crate::error::{Error, MAX_MESSAGE, MAX_PROBLEMS, Problem, truncate};

/// The format of a failure's response body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The envelope of the REST API.
    Rest,
    /// A GraphQL response. The media type `application/graphql-response+json` tells a client that the GraphQL server
    /// wrote the response, not an intermediary. A client must not parse the body of a 401 with any other media type
    /// (GraphQL over HTTP, 6.4).
    Graphql(MediaType),
}

/// A failed request: the status, code and message of its response.
#[derive(Clone, Debug)]
pub struct Failure {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable error code, for programs.
    pub code: FailureCode,
    /// Message for people.
    pub message: String,
    /// Problems with single fields.
    pub details: Vec<Detail>,
    /// Seconds that the client should wait before it tries again (`Retry-After`).
    pub retry_after: Option<u32>,
    /// The accepted content codings (`Accept-Encoding`), for a body with a different one.
    pub accept_encoding: Option<&'static str>,
}

/// The body of every failure.
#[derive(Serialize, ToSchema)]
pub struct FailureEnvelope {
    /// Description of the failure.
    pub error: FailureBody,
}

/// Description of a failure.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailureBody {
    /// HTTP status of the response.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    /// Message for people. If there are details, it is the message of the first one.
    #[schema(example = "Email is required")]
    pub message: String,
    /// Stable error code, for programs.
    #[schema(example = "validation_failed")]
    pub code: FailureCode,
    /// All problems, one per field.
    pub details: Vec<Detail>,
    /// Id of this request in the server's log; also in the header `X-Request-Id`.
    #[schema(pattern = "^[0-9A-Za-z._-]{1,64}$", example = "4be2ef3a9b6f4d7c8e1a2b3c4d5e6f70")]
    pub request_id: String,
}

/// A problem with one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Detail {
    /// Name of the field.
    #[schema(example = "email")]
    pub field: String,
    /// Description of the problem.
    #[schema(example = "Email is required")]
    pub message: String,
}

impl Failure {
    /// A failure without details. A message that is too long is truncated, because it may quote input.
    pub fn new(status: StatusCode, code: FailureCode, message: impl Into<String>) -> Self {
        let message = truncate(message.into(), MAX_MESSAGE);
        Self { status, code, message, details: Vec::new(), retry_after: None, accept_encoding: None }
    }

    /// 404: the URL or the resource does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, FailureCode::NotFound, message)
    }

    /// 400: the body or the query string is malformed.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, FailureCode::MalformedJson, message)
    }

    /// 408: the body did not arrive in time.
    pub fn body_too_slow() -> Self {
        let message = "The body did not arrive in time".to_owned();
        Self { message, ..Self::from_status(StatusCode::REQUEST_TIMEOUT) }
    }

    /// 415: the body has a content coding (RFC 9110 15.5.16).
    pub fn content_coding() -> Self {
        Self {
            accept_encoding: Some("identity"),
            ..Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                FailureCode::UnsupportedMediaType,
                "The body must be sent without a Content-Encoding",
            )
        }
    }

    /// 500: the cause is in the log.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, FailureCode::Internal, "Internal error")
    }

    /// 503: the cause is in the log.
    pub fn unavailable(retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                FailureCode::Unavailable,
                "The service is temporarily unavailable",
            )
        }
    }

    /// The failure for a bare status, such as one from a library.
    pub fn from_status(status: StatusCode) -> Self {
        let message = status.canonical_reason().unwrap_or("Request failed");
        match status {
            StatusCode::NOT_FOUND => Self::not_found("Not found"),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, FailureCode::MethodNotAllowed, "Method not allowed")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                status,
                FailureCode::PayloadTooLarge,
                format!("The body is larger than {} KiB", super::body_limit::MAX_BODY_BYTES / 1024),
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                status,
                FailureCode::UnsupportedMediaType,
                "The body must be JSON, with the header Content-Type: application/json",
            ),
            _ if status.is_server_error() => Self { status, ..Self::internal() },
            _ => Self::new(status, FailureCode::BadRequest, message),
        }
    }

    /// The response body in the envelope of the REST API.
    pub fn envelope(self, request_id: String) -> FailureEnvelope {
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
    pub fn graphql(self, request_id: &str) -> serde_json::Value {
        serde_json::json!({"errors": [{
            "message": self.message,
            "extensions": {"code": self.code.as_str().to_ascii_uppercase(), "request_id": request_id},
        }]})
    }

    /// The response in this format.
    pub(super) fn render(self, request_id: &str, format: Format) -> Response {
        let (status, retry_after, accept_encoding) = (self.status, self.retry_after, self.accept_encoding);
        let mut response = match format {
            Format::Rest => Json(self.envelope(request_id.to_owned())).into_response(),
            Format::Graphql(media_type) => {
                let content_type = [(header::CONTENT_TYPE, media_type.name())];
                (content_type, Json(self.graphql(request_id))).into_response()
            }
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        // Caches may store a 404 unless the response forbids it (RFC 9110 15.1).
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
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

/// Maps domain errors to HTTP. This is the only such mapping.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(problems) => {
                let message = problems.first().map(|p| p.message.clone()).unwrap_or_default();
                let details = problems.into_iter().take(MAX_PROBLEMS).map(Detail::from).collect();
                Self { details, ..Self::new(StatusCode::BAD_REQUEST, FailureCode::ValidationFailed, message) }
            }
            Error::Unauthenticated(message) => {
                Self::new(StatusCode::UNAUTHORIZED, FailureCode::Unauthenticated, message)
            }
            Error::Forbidden(message) => Self::new(StatusCode::FORBIDDEN, FailureCode::Forbidden, message),
            Error::NotFound(noun) => Self::not_found(format!("{noun} not found")),
            Error::EmailTaken => {
                Self::new(StatusCode::CONFLICT, FailureCode::EmailTaken, "Email is already used")
            }
            Error::Conflict(message) => Self::new(StatusCode::CONFLICT, FailureCode::Conflict, message),
            Error::Outdated => Self::new(
                StatusCode::CONFLICT,
                FailureCode::Conflict,
                "Custom fields were changed concurrently; try again",
            ),
            Error::PreconditionFailed => Self::new(
                StatusCode::PRECONDITION_FAILED,
                FailureCode::PreconditionFailed,
                "The resource has changed. Fetch the current version and try again.",
            ),
            Error::PreconditionRequired => Self::new(
                StatusCode::PRECONDITION_REQUIRED,
                FailureCode::PreconditionRequired,
                "Changes require the header If-Match with the version that you read (e.g., If-Match: \"3\")",
            ),
            Error::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                FailureCode::IdempotencyMismatch,
                "This Idempotency-Key was already used for a different request",
            ),
            Error::IdempotencyKeyInUse => Self {
                retry_after: Some(1),
                ..Self::new(
                    StatusCode::CONFLICT,
                    FailureCode::Conflict,
                    "A request with this Idempotency-Key is still in progress",
                )
            },
            Error::PositionExpired => {
                Self::new(StatusCode::GONE, FailureCode::PositionExpired, crate::error::POSITION_EXPIRED)
            }
            Error::RateLimited { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    FailureCode::RateLimited,
                    "Too many attempts; try again later",
                )
            },
            Error::Unavailable { reason, retry_after } => {
                tracing::warn!(reason, "unavailable");
                Self::unavailable(retry_after)
            }
            Error::MigrationsPending(pending) => {
                tracing::warn!(pending, "migrations are pending");
                Self::unavailable(10)
            }
            Error::DatabaseUnusable(reason) => {
                tracing::error!(reason, "the database can't be used");
                Self::unavailable(10)
            }
            Error::Internal(reason) => {
                tracing::error!(reason, "internal error");
                Self::internal()
            }
        }
    }
}

impl From<Problem> for Detail {
    fn from(problem: Problem) -> Self {
        Self { field: problem.field, message: problem.message }
    }
}

/// Passes the failure to the outermost middleware, which renders its body: see `middleware/mod.rs`.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
