//! Bytes of a response that hyper sends. They count as unsent until they are handed to the operating system.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Bytes;
use futures_util::task::AtomicWaker;
use http_body::Frame;
use hyper::body::Buf;

use super::exchange::{Exchange, StreamedPart};

/// The outcome of polling a body for its next bytes.
pub(super) type NextChunk = Poll<Option<Result<Frame<Chunk>, axum::Error>>>;

/// Bytes that hyper sends. They count as unsent until they are dropped.
pub(super) struct Chunk {
    bytes: Bytes,
    sending: Arc<Sending>,
}

/// The sending of a chunk, which its body waits for.
pub(super) struct Sending {
    counted: Counted,
    is_sent: AtomicBool,
    sent_waker: AtomicWaker,
}

/// What the bytes count for.
pub(super) enum Counted {
    Response(Exchange),
    Part(StreamedPart),
}

impl Chunk {
    pub(super) fn new(bytes: Bytes, sending: &Arc<Sending>) -> Self {
        Self { bytes, sending: Arc::clone(sending) }
    }
}

impl Sending {
    pub(super) fn new(counted: Counted) -> Arc<Self> {
        Arc::new(Self { counted, is_sent: AtomicBool::new(false), sent_waker: AtomicWaker::new() })
    }

    pub(super) fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Acquire)
    }

    pub(super) fn poll_sent(&self, cx: &Context<'_>) -> Poll<()> {
        self.sent_waker.register(cx.waker());
        if self.is_sent() { Poll::Ready(()) } else { Poll::Pending }
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
        match &self.sending.counted {
            Counted::Response(exchange) => exchange.record_progress(),
            Counted::Part(part) => part.record_progress(),
        }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.sending.is_sent.store(true, Ordering::Release);
        self.sending.sent_waker.wake();
    }
}
