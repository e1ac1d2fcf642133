//! The body of a response, whose bytes are counted until they are handed to the operating system.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use super::chunk::{Chunk, Counted, NextChunk, Sending};
use super::exchange::Exchange;
use super::streamed_body::{Streamed, StreamedBody};

/// Larger responses, in bytes, are copied into a buffer of their exact size.
const SHRINK_THRESHOLD: usize = 16 * 1024;
/// The largest HTTP/2 response, in bytes, that is passed to hyper together with its end of stream. For a larger response
/// the end of stream is delayed until the bytes are sent, because a stream can only be reset before its end was passed. If
/// a client does not read a smaller response, the connection is closed.
const MAX_IMMEDIATE_END: usize = 16 * 1024;

/// The body of a response.
pub(super) enum ResponseBody {
    /// A body that was collected.
    Whole(WholeBody),
    /// A body that is sent while it is produced.
    Streamed(StreamedBody),
}

/// A body that is completely in memory.
pub(super) struct WholeBody {
    /// `None` after the bytes were passed to hyper.
    bytes: Option<Bytes>,
    delays_end: bool,
    sending: Arc<Sending>,
}

/// The response of an exchange, with its body counted as unsent.
///
/// The body is collected first. All of it is in memory anyway. A compressed body is smaller than its source, and the
/// compressor's state of up to some MiB is freed before a slow client can keep it in use. Only a [`Streamed`] body is sent
/// while it is produced.
pub(super) async fn send_response(
    mut exchange: Exchange,
    mut response: Response<Body>,
) -> Result<Response<ResponseBody>, axum::Error> {
    if exchange.is_last() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if response.extensions().get::<Streamed>().is_some() {
        return Ok(response.map(|body| ResponseBody::Streamed(StreamedBody::new(exchange, body))));
    }
    let (head, body) = response.into_parts();
    let bytes = shrink_to_fit(body.collect().await?.to_bytes());
    exchange.response_started(bytes.len());
    Ok(Response::from_parts(head, ResponseBody::Whole(WholeBody::new(exchange, bytes))))
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

impl HttpBody for ResponseBody {
    type Data = Chunk;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> NextChunk {
        match self.get_mut() {
            Self::Whole(body) => body.poll_frame(cx),
            Self::Streamed(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => {
                SizeHint::with_exact(body.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Streamed(_) => SizeHint::default(),
        }
    }
}

impl WholeBody {
    fn new(exchange: Exchange, bytes: Bytes) -> Self {
        let delays_end = exchange.is_http2() && bytes.len() > MAX_IMMEDIATE_END;
        let sending = Sending::new(Counted::Response(exchange));
        Self { bytes: (!bytes.is_empty()).then_some(bytes), delays_end, sending }
    }

    fn poll_frame(&mut self, cx: &Context<'_>) -> NextChunk {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(Chunk::new(bytes, &self.sending)))));
        }
        if self.delays_end {
            ready!(self.sending.poll_sent(cx));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && (!self.delays_end || self.sending.is_sent())
    }
}
