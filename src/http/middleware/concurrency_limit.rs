//! Places for requests: so many are worked on at once, and what is more is refused at once, while there is time to say
//! so. A queue would only make all of them late.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::request_body::{drain, drain_refused};
use crate::app::App;
use crate::http::failure::Failure;

/// The place of a request that is worked on.
pub(super) enum Place {
    /// It is one of so many.
    Taken(OwnedSemaphorePermit),
    /// It waits for its body, whose client could keep others out by being slow; and may go on with it when there is a
    /// place again.
    Left(Arc<Semaphore>),
    /// It needs none: whoever wants to know how the server is has to be answered above all when it has much to do.
    Exempt,
}

impl Place {
    fn take(app: &App, path: &str) -> Option<Self> {
        if path == "/metrics" || path.starts_with("/health/") {
            return Some(Self::Exempt);
        }
        Some(Self::Taken(Arc::clone(&app.places).try_acquire_owned().ok()?))
    }

    pub(super) fn leave(&mut self) {
        if let Self::Taken(permit) = self {
            *self = Self::Left(Arc::clone(permit.semaphore()));
        }
    }

    /// Whether there is a place for it again.
    pub(super) fn take_again(&mut self) -> bool {
        if let Self::Left(places) = self {
            let Ok(permit) = Arc::clone(places).try_acquire_owned() else {
                tracing::warn!("too many requests at once (PATRON_CONCURRENT_REQUESTS)");
                return false;
            };
            *self = Self::Taken(permit);
        }
        true
    }
}

/// Answers a request when there is a place for it, and with 503 when there is none.
pub(super) async fn in_place(
    app: &App,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Some(place) = Place::take(app, request.uri().path()) else {
        tracing::warn!("too many requests at once (PATRON_CONCURRENT_REQUESTS)");
        drain_refused(request).await;
        return Failure::unavailable(1).into_response();
    };
    drain(app, place, request, next).await
}
