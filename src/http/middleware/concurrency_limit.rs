//! The concurrency limit: a request needs a permit, of which there are `PATRON_CONCURRENT_REQUESTS`.
//!
//! Without a free permit the request is refused with 503 at once. Requests are not queued: under overload, a queue
//! would delay all of them. While a request waits for its body, its permit is released, so that a slow client can't
//! block others; when the body is complete the request reacquires a permit, or is refused with 503. Health checks and
//! metrics are exempt.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use super::permit::Permit;
use super::request_body::{discard_body, serve_with_body};
use crate::app::App;
use crate::http::failure::Failure;

/// Runs a request under a permit; responds with 503 when none is available.
pub(super) async fn limit_concurrency(
    app: &App,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Some(permit) = Permit::acquire(app, request.uri().path()) else {
        tracing::warn!("too many requests at once (PATRON_CONCURRENT_REQUESTS)");
        discard_body(request).await;
        return Failure::unavailable(1).into_response();
    };
    serve_with_body(app, permit, request, next).await
}
