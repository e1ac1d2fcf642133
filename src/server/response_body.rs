//! The body of a response, whose bytes are counted until they are handed to the operating system.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Response;
use futures_util::task::AtomicWaker;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Buf;

use super::exchange::Exchange;

/// Larger responses, in bytes, are copied into a buffer of their exact size.
const SHRINK_THRESHOLD: usize = 16 * 1024;
/// The largest HTTP/2 response, in bytes, that is passed to hyper together with its end of stream. For a larger response
/// the end of stream is delayed until the bytes are sent, because a stream can only be reset before its end was passed. If
/// a client does not read a smaller response, the connection is closed.
const MAX_IMMEDIATE_END: usize = 16 * 1024;

/// The body of a response.
pub(super) struct ResponseBody {
    /// `None` after the bytes were passed to hyper.
    bytes: Option<Bytes>,
    delays_end: bool,
    sending: Arc<Sending>,
}

struct Sending {
    exchange: Exchange,
    is_sent: AtomicBool,
    sent_waker: AtomicWaker,
}

/// Bytes that hyper sends. They count as unsent until they are dropped.
pub(super) struct Chunk {
    bytes: Bytes,
    sending: Arc<Sending>,
}

/// The response of an exchange, with its body counted as unsent.
///
/// The body is collected first. All of it is in memory anyway. A compressed body is smaller than its source, and the
/// compressor's state of up to some MiB is freed before a slow client can keep it in use.
pub(super) async fn send_response(
    mut exchange: Exchange,
    response: Response<Body>,
) -> Result<Response<ResponseBody>, axum::Error> {
    let (head, body) = response.into_parts();
    let bytes = shrink_to_fit(body.collect().await?.to_bytes());
    exchange.response_started(bytes.len());
    Ok(Response::from_parts(head, ResponseBody::new(exchange, bytes)))
}

/// Copies a response into a buffer of its size if the buffer it was written into is much larger.
fn shrink_to_fit(bytes: Bytes) -> Bytes {
    if bytes.len() < SHRINK_THRESHOLD {
        return bytes;
    }
    match bytes.try_into_mut() {
        Ok(bytes) if bytes.capacity() > bytes.len() + bytes.len() / 8 => Bytes::copy_from_slice(&bytes),
        Ok(bytes) => bytes.freeze(),
        Err(shared) => shared,
    }
}

impl ResponseBody {
    fn new(exchange: Exchange, bytes: Bytes) -> Self {
        let delays_end = exchange.is_http2() && bytes.len() > MAX_IMMEDIATE_END;
        let sending = Sending { exchange, is_sent: AtomicBool::new(false), sent_waker: AtomicWaker::new() };
        Self { bytes: (!bytes.is_empty()).then_some(bytes), delays_end, sending: Arc::new(sending) }
    }
}

impl HttpBody for ResponseBody {
    type Data = Chunk;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, axum::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            let chunk = Chunk { bytes, sending: Arc::clone(&self.sending) };
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if self.delays_end {
            self.sending.sent_waker.register(cx.waker());
            if !self.sending.is_sent.load(Ordering::Acquire) {
                return Poll::Pending;
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && (!self.delays_end || self.sending.is_sent.load(Ordering::Acquire))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.sending.exchange.record_progress();
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.sending.is_sent.store(true, Ordering::Release);
        self.sending.sent_waker.wake();
    }
}
