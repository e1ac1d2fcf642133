//! Places for requests: so many are worked on at once, and what is more is refused at once, while there is time to say
//! so. A queue would only make all of them late.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::request_body::{discard_body, serve_with_body};
use crate::app::App;
use crate::http::failure::Failure;

/// The permit of a request that is worked on.
pub(super) enum Permit {
    /// It is one of so many.
    Held(OwnedSemaphorePermit),
    /// It waits for its body, whose client could keep others out by being slow; and may go on with it when there is a
    /// permit again.
    Released(Arc<Semaphore>),
    /// It needs none: whoever wants to know how the server is has to be answered above all when it has much to do.
    Exempt,
}

impl Permit {
    fn acquire(app: &App, path: &str) -> Option<Self> {
        if path == "/metrics" || path.starts_with("/health/") {
            return Some(Self::Exempt);
        }
        Some(Self::Held(Arc::clone(&app.concurrency_limit).try_acquire_owned().ok()?))
    }

    pub(super) fn release(&mut self) {
        if let Self::Held(permit) = self {
            *self = Self::Released(Arc::clone(permit.semaphore()));
        }
    }

    /// Whether there is a permit for it again.
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

/// Answers a request when there is a permit for it, and with 503 when there is none.
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
