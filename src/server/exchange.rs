//! A request and its response, from the end of the request's headers until the response is sent or dropped.
//!
//! An exchange counts the memory that it holds in the [`ConnectionState`] and enforces the memory budget. Before it
//! starts, it waits until the client has read enough of the connection's earlier responses.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::{Request, Version};
use hyper::body::Incoming;

use super::budget::MemoryBudget;
use super::connection_state::{ConnectionState, MemoryKind};
use super::held_memory::StreamHandle;
use super::request_body::{BodyCounter, CountedBody, OpenBody, size_of_head};
use super::stream_executor::StreamExecutor;

/// A request and its response.
pub(super) struct Exchange {
    connection_state: Arc<ConnectionState>,
    budget: Arc<MemoryBudget>,
    /// The index of the request in the connection's state.
    request: usize,
    /// `None` if the request has no body.
    body: Option<BodyCounter>,
    is_http2: bool,
    state: ExchangeState,
}

enum ExchangeState {
    /// The request waits, because the connection has too many unsent bytes.
    Waiting,
    Running,
    /// The index of the response in the connection's state.
    Answered(usize),
}

impl Exchange {
    pub(super) fn begin<B: HttpBody>(
        connection_state: &Arc<ConnectionState>,
        budget: &Arc<MemoryBudget>,
        request: &Request<B>,
    ) -> Self {
        let is_http2 = request.version() == Version::HTTP_2;
        let body = (!request.body().is_end_stream()).then(|| BodyCounter::new(budget.limits.body_bytes));
        let request = connection_state.request_started(is_http2, size_of_head(request));
        budget.enforce(MemoryKind::Requests);
        let (connection_state, budget) = (Arc::clone(connection_state), Arc::clone(budget));
        Self { connection_state, budget, request, body, is_http2, state: ExchangeState::Waiting }
    }

    /// The request's body, whose bytes are counted as they arrive.
    pub(super) fn count_body(&self, body: Incoming) -> Body {
        let Some(counter) = self.body.clone() else { return Body::new(body) };
        let (budget, open) = (Arc::clone(&self.budget), OpenBody::new(&self.connection_state));
        Body::new(CountedBody { body, counter, request: self.request, budget, open })
    }

    /// Waits until the client has read enough of the connection's earlier responses to fit another one into the budget.
    ///
    /// Requests wait instead of being refused (REFUSED_STREAM, 503): a client on a slow line that sends many requests at
    /// once is legitimate, and gets all its responses, only later. For a client that reads nothing, the number of waiting
    /// requests is limited by the number of streams, and its responses are dropped after the stall timeout.
    pub(super) async fn wait_for_capacity(&mut self) {
        self.connection_state.wait_for_capacity(self.budget.limits.unsent_bytes_per_connection).await;
        self.state = ExchangeState::Running;
    }

    /// Counts the bytes of the response as unsent, and no longer those of the request.
    pub(super) fn response_started(&mut self, bytes: usize) {
        self.stop_counting();
        let stream: Option<StreamHandle> = self.is_http2.then(StreamExecutor::stream).flatten();
        self.state =
            ExchangeState::Answered(self.connection_state.response_started(self.request, bytes, stream));
        if bytes > 0 {
            self.budget.enforce(MemoryKind::Responses);
        }
    }

    /// Begins a response that is sent part by part. The request counts as running until the exchange is dropped. Returns the
    /// stream of the response.
    pub(super) fn streaming_started(&self) -> Option<StreamHandle> {
        self.stop_counting();
        self.is_http2.then(StreamExecutor::stream).flatten()
    }

    /// Records that a streamed response can't be completed. Over HTTP/1 the connection is reset instead of closed, because
    /// over HTTP/1.0 the end of the connection is the end of a complete body. Over HTTP/2, hyper resets the stream.
    pub(super) fn response_failed(&self) {
        if !self.is_http2 {
            self.connection_state.reset();
        }
    }

    fn stop_counting(&self) {
        if let Some(body) = &self.body {
            body.stop();
        }
    }

    /// Records that a part of the response was handed to the operating system.
    pub(super) fn record_progress(&self) {
        if let ExchangeState::Answered(response) = self.state {
            self.connection_state.response_progressed(response);
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// Whether the response is the last one of its connection, because the server drains. HTTP/2 has no such responses.
    pub(super) fn is_last(&self) -> bool {
        !self.is_http2 && self.budget.connections.is_draining()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let was_running = match self.state {
            ExchangeState::Answered(response) => return self.connection_state.response_finished(response),
            ExchangeState::Running => true,
            ExchangeState::Waiting => false,
        };
        self.stop_counting();
        self.connection_state.request_abandoned(self.request, was_running);
    }
}

/// A part of a streamed response. It counts as unsent until it is dropped.
pub(super) struct StreamedPart {
    exchange: Arc<Exchange>,
    /// The index of the part among the connection's responses.
    response: usize,
}

impl StreamedPart {
    pub(super) fn begin(exchange: &Arc<Exchange>, bytes: usize, stream: Option<StreamHandle>) -> Self {
        let response = exchange.connection_state.part_started(bytes, stream);
        if bytes > 0 {
            exchange.budget.enforce(MemoryKind::Responses);
        }
        Self { exchange: Arc::clone(exchange), response }
    }

    /// Records that some of the part was handed to the operating system.
    pub(super) fn record_progress(&self) {
        self.exchange.connection_state.response_progressed(self.response);
    }
}

impl Drop for StreamedPart {
    fn drop(&mut self) {
        self.exchange.connection_state.response_finished(self.response);
    }
}
