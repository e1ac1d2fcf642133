//! The body of a request on its way: for how long it may take, and reading to its end what a handler left of it.
//!
//! A server that answers and closes while the client is still sending makes the client's system throw the answer
//! away with the connection (RFC 9112 9.6): instead of a 401 or a 413 the client sees a reset. So what is left is
//! read and dropped first, within bounds.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Sleep, sleep};

use super::concurrency_limit::Permit;
use crate::app::App;
use crate::http::failure::Failure;

/// The most that is read and dropped, in bytes. Whoever sends more loses the connection.
const MAX_DRAINED: usize = 8 * 1024 * 1024;
/// How long that may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The body of a request, and whether anybody asked for it: until then a client may be waiting for release to send
/// it (`Expect: 100-continue`, RFC 9110 10.1.1), and asking is what gives release.
struct ReceivedBody {
    body: Body,
    asked_for: bool,
    /// Set off when it first has to be waited for.
    time: Option<Pin<Box<Sleep>>>,
    limit: Duration,
    permit: Permit,
    /// Why there is no more of it.
    cut: Option<Failure>,
}

impl ReceivedBody {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.asked_for = true;
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            // Nothing is done with a body before all of it is there.
            let is_complete = frame.is_none() || self.body.is_end_stream();
            return match !is_complete || self.permit.reacquire() {
                true => Poll::Ready(frame),
                false => self.cut(Failure::unavailable(1)),
            };
        }
        self.permit.release();
        let limit = self.limit;
        match self.time.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => self.cut(Failure {
                message: "The body did not arrive in time".to_owned(),
                ..Failure::from_status(StatusCode::REQUEST_TIMEOUT)
            }),
        }
    }

    fn cut(&mut self, failure: Failure) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let error = axum::Error::new(std::io::Error::other(failure.message.clone()));
        self.cut = Some(failure);
        Poll::Ready(Some(Err(error)))
    }
}

/// What the handler gets in its permit.
struct SharedBody(Arc<Mutex<ReceivedBody>>);

impl SharedBody {
    fn original(&self) -> MutexGuard<'_, ReceivedBody> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.original().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.original().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.original().body.size_hint()
    }
}

/// Answers a request, which has its permit, after its body has been read to the end: by the handler or else here.
pub(super) async fn serve_with_body(
    app: &App,
    permit: Permit,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    if request.body().is_end_stream() {
        // The permit is kept until it is answered.
        let _place = permit;
        return next(request).await;
    }
    let is_sent = is_sent(&request);
    let is_http2 = request.version() == Version::HTTP_2;
    let (parts, body) = request.into_parts();
    let limit = app.config.limits.body_timeout;
    let original = ReceivedBody { body, asked_for: false, time: None, limit, permit, cut: None };
    let original = Arc::new(Mutex::new(original));
    let shared = Body::new(SharedBody(Arc::clone(&original)));
    let response = next(Request::from_parts(parts, shared)).await;
    let (rest, asked_for, cut) = {
        let mut original = original.lock().unwrap_or_else(PoisonError::into_inner);
        original.permit.release();
        (std::mem::take(&mut original.body), original.asked_for, original.cut.take())
    };
    // Without its body the handler had nothing to go by, whatever it made of that.
    if let Some(failure) = cut {
        let mut response = failure.into_response();
        // What comes of the body later would be read as the next request. Over HTTP/2 it can't be.
        if !is_http2 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        return response;
    }
    read_the_rest(rest, asked_for || is_sent).await;
    response
}

/// Reads the body of a request that is refused before anybody looks at it.
pub(crate) async fn discard_body(request: Request) {
    let is_sent = is_sent(&request);
    read_the_rest(request.into_body(), is_sent).await;
}

/// Whether the client sends the body without waiting for release.
fn is_sent(request: &Request) -> bool {
    !request.headers().contains_key(header::EXPECT)
}

async fn read_the_rest(rest: Body, is_sent: bool) {
    if is_sent && !rest.is_end_stream() {
        // Either outcome is fine: the answer goes out, and the connection closes if anything is left.
        let _in_time = tokio::time::timeout(LONGEST, read_and_drop(rest)).await;
    }
}

async fn read_and_drop(mut body: Body) {
    let mut read = 0;
    while read < MAX_DRAINED
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
