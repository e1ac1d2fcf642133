//! What is noted of a connection's bytes, and of each request and its answer.

use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Version};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;

/// The connection itself.
pub(super) struct WatchedStream {
    pub(super) stream: TcpStream,
    pub(super) activity: Arc<Activity>,
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_arrive();
        }
        outcome
    }
}

impl WatchedStream {
    /// Fails when the client hung up while a request is worked on, so that the work ends. hyper notices that itself, but
    /// not when it has bytes of a next request: then it reads no further. It flushes whenever it is polled.
    fn notice_hang_up(&self, cx: &mut Context<'_>) -> Result<()> {
        let mut byte = [0];
        let has_ended = |outcome| matches!(outcome, Poll::Ready(Ok(0)));
        if self.activity.is_at_work_over_http1()
            && has_ended(self.stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)))
        {
            return Err(ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    /// Notes whether the client takes what is written.
    fn note<T>(&self, outcome: Poll<Result<T>>) -> Poll<Result<T>> {
        self.activity.is_blocked(outcome.is_pending());
        outcome
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.notice_hang_up(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A request, from the end of its headers until its answer is sent or nobody wants it any more.
pub(super) struct Exchange {
    activity: Arc<Activity>,
    is_answered: bool,
}

impl Exchange {
    pub(super) fn begin<B>(activity: &Arc<Activity>, request: &Request<B>) -> Self {
        activity.request_begins(request.version() == Version::HTTP_2);
        Self { activity: Arc::clone(activity), is_answered: false }
    }

    /// The body of its answer.
    pub(super) fn answer(mut self, body: Body) -> Answer {
        self.is_answered = true;
        self.activity.answer_begins();
        Answer { body, _exchange: self }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.is_answered {
            self.activity.answer_ends();
        } else {
            self.activity.request_ends();
        }
    }
}

/// The body of an answer; dropped as soon as it is handed over, or given up.
pub(super) struct Answer {
    body: Body,
    _exchange: Exchange,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
