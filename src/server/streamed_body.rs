//! The body of a response that is sent while it is produced, such as a long file.
//!
//! Only one part of it is in memory: the next one is requested when the last one was sent. The client may take the send
//! timeout for each part.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use http_body::Frame;

use super::chunk::{Chunk, Counted, NextChunk, Sending};
use super::exchange::{Exchange, StreamedPart};
use super::held_memory::StreamHandle;

/// Marks a response whose body is sent part by part. Any other body is collected first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streamed;

/// A body that is sent part by part. Dropping it stops its production.
pub(super) struct StreamedBody {
    body: Body,
    exchange: Arc<Exchange>,
    stream: Option<StreamHandle>,
    /// The sending of the last part. The part counts as unsent until the next one is requested.
    last: Option<Arc<Sending>>,
}

impl StreamedBody {
    /// The body of the exchange's response.
    pub(super) fn new(exchange: Exchange, body: Body) -> Self {
        let stream = exchange.streaming_started();
        Self { body, exchange: Arc::new(exchange), stream, last: None }
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> NextChunk {
        if let Some(last) = &self.last {
            ready!(last.poll_sent(cx));
            self.last = None;
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                self.exchange.response_failed();
                return Poll::Ready(Some(Err(error)));
            }
            None => return Poll::Ready(None),
        };
        // The rest is trailers, which no response of ours has.
        let Ok(bytes) = frame.into_data() else { return Poll::Ready(None) };
        let part = StreamedPart::begin(&self.exchange, bytes.len(), self.stream.clone());
        let sending = Sending::new(Counted::Part(part));
        let chunk = Chunk::new(bytes, &sending);
        self.last = Some(sending);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.last.is_none() && self.body.is_end_stream()
    }
}
