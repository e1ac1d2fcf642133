//! A TCP stream that records in the [`ConnectionState`] when bytes arrive and when writes are blocked.
//!
//! It also tells HTTP/2 from HTTP/1 by the first bytes, notices that a client hung up while its request is running, and resets
//! a connection instead of closing it when its memory has to be freed.

use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection_state::ConnectionState;

/// The first bytes of an HTTP/2 connection (RFC 9113 3.4).
const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The TCP stream of a connection.
pub(super) struct InstrumentedStream {
    stream: TcpStream,
    connection_state: Arc<ConnectionState>,
    /// Bytes that have arrived, and are read before those of the TCP stream.
    pub(super) unread: Bytes,
    /// Whether hyper has read all bytes that have arrived. Then it notices a hang-up itself.
    is_drained: bool,
}

impl AsyncRead for InstrumentedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        if !self.unread.is_empty() {
            let length = self.unread.len().min(buffer.remaining());
            buffer.put_slice(&self.unread.split_to(length));
            self.is_drained = false;
            self.connection_state.bytes_received();
            return Poll::Ready(Ok(()));
        }
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
    pub(super) fn new(stream: TcpStream, connection_state: Arc<ConnectionState>) -> Self {
        Self { stream, connection_state, unread: Bytes::new(), is_drained: false }
    }

    /// Waits until the first bytes show the protocol. Returns whether it is HTTP/2. The bytes are then unread.
    pub(super) fn poll_protocol(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        loop {
            let mut bytes = [0; HTTP2_PREFACE.len()];
            let mut buffer = ReadBuf::new(&mut bytes);
            buffer.put_slice(&self.unread);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let has_ended = buffer.filled().len() == self.unread.len();
            self.unread = Bytes::copy_from_slice(buffer.filled());
            if has_ended || !HTTP2_PREFACE.starts_with(&self.unread) {
                return Poll::Ready(Ok(false));
            }
            if self.unread.len() == HTTP2_PREFACE.len() {
                return Poll::Ready(Ok(true));
            }
        }
    }

    /// Waits until bytes have arrived, or the client has hung up.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream.poll_read_ready(cx)
    }

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
