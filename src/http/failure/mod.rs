//! Failures as clients receive them.
//!
//! A handler returns a [`Failure`]. The outermost middleware renders its body. All failures, including panics and
//! timeouts, therefore have the same format and contain the request id.

mod body;
mod code;
mod detail;
pub(crate) mod documented;
mod mapping;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

pub(super) use body::FailureFormat;
pub(crate) use body::{EXAMPLE_REQUEST_ID, FailureBody, FailureEnvelope};
pub(crate) use code::FailureCode;
pub(crate) use detail::Detail;

use super::body_limit::MAX_BODY_BYTES;
use crate::error::{MAX_MESSAGE, truncate};

/// A failed request: the status, code and message of its response.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// Stable error code, for programs.
    pub(crate) code: FailureCode,
    /// Message for people.
    pub(crate) message: String,
    /// Problems with single fields.
    pub(crate) details: Vec<Detail>,
    /// Seconds that the client should wait before it tries again (`Retry-After`).
    pub(crate) retry_after: Option<u32>,
    /// The accepted content codings (`Accept-Encoding`), for a body with a different one.
    pub(crate) accept_encoding: Option<&'static str>,
}

impl Failure {
    /// A failure with the status of its code and without details. A message that is too long is truncated, because it
    /// may quote input.
    pub(crate) fn new(code: FailureCode, message: impl Into<String>) -> Self {
        let (status, message) = (code.status(), truncate(message.into(), MAX_MESSAGE));
        Self { status, code, message, details: Vec::new(), retry_after: None, accept_encoding: None }
    }

    /// The failure with `Retry-After`.
    fn with_retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// 404: the URL or the resource does not exist.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(FailureCode::NotFound, message)
    }

    /// 400: the body or the query string is malformed.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(FailureCode::MalformedJson, message)
    }

    /// 408: the body did not arrive in time.
    pub(crate) fn body_too_slow() -> Self {
        let status = StatusCode::REQUEST_TIMEOUT;
        Self { status, ..Self::new(FailureCode::BadRequest, "The body did not arrive in time") }
    }

    /// 415: the body has a content coding (RFC 9110 15.5.16).
    pub(crate) fn content_coding() -> Self {
        let message = "The body must be sent without a Content-Encoding";
        Self { accept_encoding: Some("identity"), ..Self::new(FailureCode::UnsupportedMediaType, message) }
    }

    /// 500: the cause is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(FailureCode::Internal, "Internal error")
    }

    /// 503: the cause is in the log.
    pub(crate) fn unavailable(retry_after: u32) -> Self {
        Self::new(FailureCode::Unavailable, "The service is temporarily unavailable")
            .with_retry_after(retry_after)
    }

    /// The failure for a bare status, such as one from a library.
    pub(crate) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found("Not found"),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(FailureCode::MethodNotAllowed, "Method not allowed"),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                FailureCode::PayloadTooLarge,
                format!("The body is larger than {} KiB", MAX_BODY_BYTES / 1024),
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                FailureCode::UnsupportedMediaType,
                "The body must be JSON, with the header Content-Type: application/json",
            ),
            _ if status.is_server_error() => Self { status, ..Self::internal() },
            _ => {
                let message = status.canonical_reason().unwrap_or("Request failed");
                Self { status, ..Self::new(FailureCode::BadRequest, message) }
            }
        }
    }

    /// Whether the failure is the final result of a request, so that a repetition with the same idempotency key gets it
    /// again. Failures of authentication, rate limits or the transfer of the body, and temporary failures, are not.
    pub(super) fn is_final(&self) -> bool {
        let may_succeed_later = matches!(
            self.status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNSUPPORTED_MEDIA_TYPE
                | StatusCode::TOO_MANY_REQUESTS
        );
        !may_succeed_later && !self.status.is_server_error() && self.retry_after.is_none()
    }

    /// Whether rendering the failure sets more headers than those of every failure: `Retry-After`, `WWW-Authenticate`
    /// or `Accept-Encoding`.
    pub(super) fn sets_headers(&self) -> bool {
        let by_status = [StatusCode::UNAUTHORIZED, StatusCode::UNSUPPORTED_MEDIA_TYPE].contains(&self.status);
        by_status || self.retry_after.is_some()
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
