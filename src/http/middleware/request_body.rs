//! Request bodies: their time limit, and discarding what a handler did not read.
//!
//! A body that does not arrive in time (`PATRON_BODY_TIMEOUT`) fails with 408. While the handler waits for the body,
//! the request releases its permit of the concurrency limit.
//!
//! If a server responds and closes the connection while the client is still sending, the client's system may discard
//! the response (RFC 9112 9.6): the client sees a connection reset instead of a 401 or a 413. The rest of a body is
//! therefore read and discarded before the response is sent, up to [`MAX_DISCARDED`] bytes and for [`DISCARD_TIMEOUT`]
//! at most.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use parking_lot::{Mutex, MutexGuard};
use tokio::time::{Sleep, sleep};

use super::permit::Permit;
use crate::app::App;
use crate::http::failure::Failure;

/// How much of a body is discarded at most, in bytes. If the client sends more, the connection is closed.
const MAX_DISCARDED: usize = 8 * 1024 * 1024;
/// How long discarding a body may take.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// The body of a request with its time limit and the permit of the request.
struct ReceivedBody {
    body: Body,
    /// Whether the handler has read from the body. Before that, a client with `Expect: 100-continue` may still wait for
    /// the 100 response, which the first read triggers (RFC 9110 10.1.1).
    was_polled: bool,
    /// The deadline; it starts when the body is first waited for.
    deadline: Option<Pin<Box<Sleep>>>,
    limit: Duration,
    permit: Permit,
    /// The failure that ended the body.
    failure: Option<Failure>,
}

impl ReceivedBody {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.was_polled = true;
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            // Handlers process a body only when it is complete, so the permit is needed only then.
            let is_complete = frame.is_none() || self.body.is_end_stream();
            return match !is_complete || self.permit.reacquire() {
                true => Poll::Ready(frame),
                false => self.fail(Failure::unavailable(1)),
            };
        }
        self.permit.release();
        let limit = self.limit;
        match self.deadline.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => self.fail(Failure::body_too_slow()),
        }
    }

    /// Ends the body with an error, and keeps the failure for the response.
    fn fail(&mut self, failure: Failure) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let error = axum::Error::new(std::io::Error::other(failure.message.clone()));
        self.failure = Some(failure);
        Poll::Ready(Some(Err(error)))
    }
}

/// The body as the handler gets it. The middleware shares it, to discard what the handler did not read.
struct SharedBody(Arc<Mutex<ReceivedBody>>);

impl SharedBody {
    fn received(&self) -> MutexGuard<'_, ReceivedBody> {
        self.0.lock()
    }
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.received().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.received().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.received().body.size_hint()
    }
}

/// Runs a request under its permit. What the handler does not read of the body is discarded before the response is
/// sent.
pub(super) async fn serve_with_body(
    app: &App,
    permit: Permit,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    if request.body().is_end_stream() {
        // The permit is held until the response is ready.
        let _permit = permit;
        return next(request).await;
    }
    let is_unprompted = is_unprompted(&request);
    let is_http2 = request.version() == Version::HTTP_2;
    let (parts, body) = request.into_parts();
    let limit = app.config.limits.body_timeout;
    let received = ReceivedBody { body, was_polled: false, deadline: None, limit, permit, failure: None };
    let received = Arc::new(Mutex::new(received));
    let shared = Body::new(SharedBody(Arc::clone(&received)));
    let response = next(Request::from_parts(parts, shared)).await;
    let (unread, was_polled, failure) = {
        let mut received = received.lock();
        received.permit.release();
        (std::mem::take(&mut received.body), received.was_polled, received.failure.take())
    };
    // The handler did not get the body, so its response is replaced.
    if let Some(failure) = failure {
        let mut response = failure.into_response();
        // Over HTTP/1 the rest of the body would be read as the next request.
        if !is_http2 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        return response;
    }
    discard(unread, was_polled || is_unprompted).await;
    response
}

/// Reads and discards the body of a request that is refused before a handler reads it.
pub(crate) async fn discard_body(request: Request) {
    let is_unprompted = is_unprompted(&request);
    discard(request.into_body(), is_unprompted).await;
}

/// Whether the client sends the body without waiting for a 100 response.
fn is_unprompted(request: &Request) -> bool {
    !request.headers().contains_key(header::EXPECT)
}

async fn discard(unread: Body, is_being_sent: bool) {
    if is_being_sent && !unread.is_end_stream() {
        // On a timeout as well the response is sent; the connection is closed if some of the body is left.
        let _in_time = tokio::time::timeout(DISCARD_TIMEOUT, read_to_end(unread)).await;
    }
}

async fn read_to_end(mut body: Body) {
    let mut read = 0;
    while read < MAX_DISCARDED
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
