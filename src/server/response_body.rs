//! The body of an answer, whose bytes are counted until the client's system has taken them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use futures_util::task::AtomicWaker;
use http_body::{Frame, SizeHint};
use hyper::body::Buf;

use super::exchange::Exchange;

/// The largest answer over HTTP/2 that is handed over with its end, in bytes. Of a larger one the end is kept back until
/// the rest is sent: as long as a stream has not ended on our side, it can be reset. One that has is 16 KiB at most, and
/// if its client takes nothing of that, the connection ends.
const HANDED_OVER: usize = 16 * 1024;

/// The body of an answer.
pub(super) struct ResponseBody {
    /// None once it is handed over.
    bytes: Option<Bytes>,
    keeps_its_end: bool,
    sending: Arc<Sending>,
}

struct Sending {
    exchange: Exchange,
    is_sent: AtomicBool,
    waits_for_that: AtomicWaker,
}

/// Bytes that are handed over to be sent. They count until they are dropped.
pub(super) struct Chunk {
    bytes: Bytes,
    sending: Arc<Sending>,
}

impl ResponseBody {
    /// That of a request which has been answered with so many bytes.
    pub(super) fn new(exchange: Exchange, bytes: Bytes) -> Self {
        let keeps_its_end = exchange.is_http2() && bytes.len() > HANDED_OVER;
        let sending =
            Sending { exchange, is_sent: AtomicBool::new(false), waits_for_that: AtomicWaker::new() };
        Self { bytes: (!bytes.is_empty()).then_some(bytes), keeps_its_end, sending: Arc::new(sending) }
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
        if self.keeps_its_end {
            self.sending.waits_for_that.register(cx.waker());
            if !self.sending.is_sent.load(Ordering::Acquire) {
                return Poll::Pending;
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && (!self.keeps_its_end || self.sending.is_sent.load(Ordering::Acquire))
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
        self.sending.exchange.is_taken();
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.sending.is_sent.store(true, Ordering::Release);
        self.sending.waits_for_that.wake();
    }
}
