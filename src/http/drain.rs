//! Reading to its end what a handler left of a request's body.
//!
//! A server that answers and closes while the client is still sending makes the client's system throw the answer
//! away with the connection (RFC 9112 9.6): instead of a 401 or a 413 the client sees a reset. So what is left is
//! read and dropped first, within bounds.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

/// The most that is read and dropped, in bytes. Whoever sends more loses the connection.
const MAX_DRAINED: usize = 8 * 1024 * 1024;
/// How long that may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The body of a request, and whether anybody asked for it: until then a client may be waiting for leave to send
/// it (`Expect: 100-continue`, RFC 9110 10.1.1), and asking is what gives leave.
struct Original {
    body: Body,
    asked_for: bool,
}

/// What the handler gets in its place.
struct Lent(Arc<Mutex<Original>>);

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut original = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        original.asked_for = true;
        Pin::new(&mut original.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).body.size_hint()
    }
}

/// Answers a request after its body has been read to the end, by the handler or else here.
pub(super) async fn drain(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    if request.body().is_end_stream() {
        return next(request).await;
    }
    let waits_for_leave = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let original = Arc::new(Mutex::new(Original { body, asked_for: false }));
    let lent = Body::new(Lent(Arc::clone(&original)));
    let response = next(Request::from_parts(parts, lent)).await;
    let (rest, asked_for) = {
        let mut original = original.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut original.body), original.asked_for)
    };
    if (asked_for || !waits_for_leave) && !rest.is_end_stream() {
        // Either outcome is fine: the answer goes out, and the connection closes if anything is left.
        let _in_time = tokio::time::timeout(LONGEST, read_and_drop(rest)).await;
    }
    response
}

async fn read_and_drop(mut body: Body) {
    let mut read = 0;
    while read < MAX_DRAINED
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}
