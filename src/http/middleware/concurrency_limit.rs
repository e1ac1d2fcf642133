//! The concurrency limit: a request needs a permit, of which there are `PATRON_CONCURRENT_REQUESTS`.
//!
//! Without a free permit the request is refused with 503 at once. Requests are not queued: under overload, a queue
//! would delay all of them. While a request waits for its body, its permit is released, so that a slow client can't
//! block others; when the body is complete the request reacquires a permit, or is refused with 503. Health checks and
//! metrics are exempt.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::is_probe;
use super::request_body::{discard_body, serve_with_body};
use crate::app::App;
use crate::http::failure::Failure;

/// The permit of a request.
pub(super) enum Permit {
    /// The request counts against the limit.
    Held(OwnedSemaphorePermit),
    /// The request waits for its body and does not count.
    Released(Arc<Semaphore>),
    /// The request never counts: health checks and metrics must work under overload.
    Exempt,
}

impl Permit {
    fn acquire(app: &App, path: &str) -> Option<Self> {
        if is_probe(path) {
            return Some(Self::Exempt);
        }
        Some(Self::Held(Arc::clone(&app.concurrency_limit).try_acquire_owned().ok()?))
    }

    pub(super) fn release(&mut self) {
        if let Self::Held(permit) = self {
            *self = Self::Released(Arc::clone(permit.semaphore()));
        }
    }

    /// Acquires a released permit again; false when the limit is reached.
    pub(super) fn reacquire(&mut self) -> bool {
        if let Self::Released(concurrency_limit) = self {
            let Ok(permit) = Arc::clone(concurrency_limit).try_acquire_owned() else {
                tracing::warn!("too many requests at once (PATRON_CONCURRENT_REQUESTS)");
                return false;
            };
            *self = Self::Held(permit);
        }
        true
    }
}

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
