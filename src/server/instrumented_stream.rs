//! What is noted of a connection's bytes.

use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection_state::ConnectionState;

/// The connection itself.
pub(super) struct InstrumentedStream {
    pub(super) stream: TcpStream,
    pub(super) connection_state: Arc<ConnectionState>,
    /// Whether hyper has read all there is, so that it notices a hang-up itself.
    pub(super) is_read_out: bool,
}

impl AsyncRead for InstrumentedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.is_read_out = outcome.is_pending();
        if buffer.filled().len() > before {
            self.connection_state.bytes_arrive();
        }
        outcome
    }
}

impl Drop for InstrumentedStream {
    /// What the system holds of a connection that is reset goes with it, instead of waiting for its client.
    fn drop(&mut self) {
        if self.connection_state.is_reset()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "a connection is closed instead of reset");
        }
    }
}

impl InstrumentedStream {
    /// Fails when the client hung up while a request is worked on, so that the work ends. hyper notices that itself, but
    /// not when it has bytes of a next request: then it reads no further. It flushes whenever it is polled.
    fn notice_hang_up(&self, cx: &mut Context<'_>) -> Result<()> {
        let mut byte = [0];
        let has_ended = |outcome| matches!(outcome, Poll::Ready(Ok(0)));
        if !self.is_read_out
            && self.connection_state.is_at_work_over_http1()
            && has_ended(self.stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)))
        {
            return Err(ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    /// Notes whether the client takes what is written.
    fn note<T>(&self, outcome: Poll<Result<T>>) -> Poll<Result<T>> {
        self.connection_state.is_blocked(outcome.is_pending());
        outcome
    }
}

impl AsyncWrite for InstrumentedStream {
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
