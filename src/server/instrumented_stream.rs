//! A TCP stream that records in the [`ConnectionState`] when bytes arrive and when writes are blocked.
//!
//! It also notices that a client hung up while its request is running, and resets a connection instead of closing it when
//! its memory has to be freed.

use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection_state::ConnectionState;

/// The TCP stream of a connection.
pub(super) struct InstrumentedStream {
    pub(super) stream: TcpStream,
    pub(super) connection_state: Arc<ConnectionState>,
    /// Whether hyper has read all bytes that have arrived. Then it notices a hang-up itself.
    pub(super) is_drained: bool,
}

impl AsyncRead for InstrumentedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.is_drained = outcome.is_pending();
        if buffer.filled().len() > before {
            self.connection_state.bytes_received();
        }
        outcome
    }
}

impl Drop for InstrumentedStream {
    /// Has the operating system discard the unsent bytes of a connection that is reset, instead of waiting for the client.
    fn drop(&mut self) {
        if self.connection_state.is_reset()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "a connection was closed instead of reset");
        }
    }
}

impl InstrumentedStream {
    /// Fails if the client hung up while a request is running, so that the request is canceled. hyper notices a hang-up
    /// itself, except when it has bytes of a next request: then it stops reading. Called by `poll_flush`, which hyper calls
    /// whenever it is polled.
    fn check_hang_up(&self, cx: &mut Context<'_>) -> Result<()> {
        let mut byte = [0];
        let has_ended = |outcome| matches!(outcome, Poll::Ready(Ok(0)));
        if !self.is_drained
            && self.connection_state.is_running_http1_request()
            && has_ended(self.stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)))
        {
            return Err(ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    /// Records whether the write was blocked.
    fn record_write<T>(&self, outcome: Poll<Result<T>>) -> Poll<Result<T>> {
        self.connection_state.set_blocked(outcome.is_pending());
        outcome
    }
}

impl AsyncWrite for InstrumentedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.record_write(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.record_write(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.check_hang_up(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
