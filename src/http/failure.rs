//! Failures as clients see them. A handler returns a [`Failure`]; the outermost layer writes its body, so
//! that failures from anywhere, panics and timeouts included, look alike and name the request.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::media_type::MediaType;
use super::failure_code::FailureCode;
use crate::error::{Error, MAX_MESSAGE, MAX_PROBLEMS, Problem, cut};

/// The form of a failure's body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The envelope of the REST API.
    Rest,
    /// A GraphQL response. By the newer media type clients know that a failure was written by its server and not by
    /// something in between: of any other they may not read the body of a 401 (GraphQL over HTTP, 6.4).
    Graphql(MediaType),
}

/// A request that was not fulfilled.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable, for programs.
    pub code: FailureCode,
    /// For people.
    pub message: String,
    /// What is wrong with which field.
    pub details: Vec<Detail>,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u32>,
    /// The accepted content codings, for a body that had another one.
    pub accept_encoding: Option<&'static str>,
}

/// The body of every failure.
#[derive(Serialize, ToSchema)]
pub struct FailureEnvelope {
    /// What went wrong.
    pub error: FailureBody,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailureBody {
    /// The HTTP status once more.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    /// For people: the first detail's message.
    #[schema(example = "Email is required")]
    pub message: String,
    /// For programs; stable.
    #[schema(example = "validation_failed")]
    pub code: FailureCode,
    /// All problems, one a field.
    pub details: Vec<Detail>,
    /// Names this request in the server's log; also in the header `X-Request-Id`.
    #[schema(pattern = "^[0-9A-Za-z._-]{1,64}$", example = "4be2ef3a9b6f4d7c8e1a2b3c4d5e6f70")]
    pub request_id: String,
}

/// What is wrong with a field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Detail {
    /// The field.
    #[schema(example = "email")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "Email is required")]
    pub message: String,
}

impl Failure {
    /// A failure without details. Its message is cut where it is too long: it may repeat what came in.
    pub fn new(status: StatusCode, code: FailureCode, message: impl Into<String>) -> Self {
        let message = cut(message.into(), MAX_MESSAGE);
        Self { status, code, message, details: Vec::new(), retry_after: None, accept_encoding: None }
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, FailureCode::NotFound, message)
    }

    /// 400, the body or query is not in the form it has to have.
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

    /// 500; what happened is in the log.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, FailureCode::Internal, "Internal error")
    }

    /// 503; what happened is in the log.
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

    /// What stands for a status that some library answered with by itself.
    pub fn from_status(status: StatusCode) -> Self {
        let message = status.canonical_reason().unwrap_or("Request failed");
        match status {
            StatusCode::NOT_FOUND => Self::not_found("There is nothing at this URL"),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, FailureCode::MethodNotAllowed, "This URL does not know this method")
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

    /// The body, in the envelope of the REST API.
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

    /// The body, as a GraphQL response (GraphQL over HTTP, 6.4).
    pub fn graphql(self, request_id: &str) -> serde_json::Value {
        serde_json::json!({"errors": [{
            "message": self.message,
            "extensions": {"code": self.code.as_str().to_ascii_uppercase(), "request_id": request_id},
        }]})
    }

    /// The response, in this form.
    pub(super) fn render(self, request_id: &str, form: Form) -> Response {
        let (status, retry_after, accept_encoding) = (self.status, self.retry_after, self.accept_encoding);
        let mut response = match form {
            Form::Rest => Json(self.envelope(request_id.to_owned())).into_response(),
            Form::Graphql(media_type) => {
                let content_type = [(header::CONTENT_TYPE, media_type.name())];
                (content_type, Json(self.graphql(request_id))).into_response()
            }
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        // A 404 may be kept unless it says otherwise (RFC 9110 15.1).
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(codings) = accept_encoding {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(codings));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 11.6.1 asks for it, RFC 6750 3 says how.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The one mapping of domain errors to HTTP.
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
                "Custom fields were changed at the same time; try again",
            ),
            Error::PreconditionFailed => Self::new(
                StatusCode::PRECONDITION_FAILED,
                FailureCode::PreconditionFailed,
                "It was changed meanwhile; read it again",
            ),
            Error::PreconditionRequired => Self::new(
                StatusCode::PRECONDITION_REQUIRED,
                FailureCode::PreconditionRequired,
                "Changes need the header If-Match with the version that was read (e.g., If-Match: \"3\")",
            ),
            Error::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                FailureCode::IdempotencyMismatch,
                "This Idempotency-Key came with another request before",
            ),
            Error::IdempotencyKeyInUse => Self {
                retry_after: Some(1),
                ..Self::new(
                    StatusCode::CONFLICT,
                    FailureCode::Conflict,
                    "A request with this Idempotency-Key is still being answered",
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
                tracing::warn!(pending, "the schema is behind");
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

/// The outermost layer turns it into a body: see `layers.rs`.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
