//! A request, from the end of its headers until its answer is sent or nobody wants it any more.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::budget::Budget;
use super::connection_state::{ConnectionState, What};
use super::held::StreamHandle;
use super::received::{Counted, CountedBody, size_of_head};
use super::response_body::ResponseBody;
use super::stream_executor::StreamExecutor;

/// From this size on, in bytes, an answer gets memory of its size.
const WORTH_FITTING: usize = 16 * 1024;

/// A request and its answer.
pub(super) struct Exchange {
    connection_state: Arc<ConnectionState>,
    budget: Arc<Budget>,
    /// Its number among the requests of the connection.
    request: usize,
    /// None without a body.
    body: Option<Counted>,
    is_http2: bool,
    state: ExchangeState,
}

enum ExchangeState {
    /// It is not worked on, as long as the connection has too much that is unsent.
    Waiting,
    Running,
    /// Its answer, by its number among those of the connection.
    Answered(usize),
}

impl Exchange {
    pub(super) fn begin<B: HttpBody>(
        connection_state: &Arc<ConnectionState>,
        budget: &Arc<Budget>,
        request: &Request<B>,
    ) -> Self {
        let is_http2 = request.version() == Version::HTTP_2;
        let body = (!request.body().is_end_stream()).then(|| Counted::new(budget.limits.body_bytes));
        let request = connection_state.request_begins(is_http2, size_of_head(request));
        budget.keep(What::Requests);
        let (connection_state, budget) = (Arc::clone(connection_state), Arc::clone(budget));
        Self { connection_state, budget, request, body, is_http2, state: ExchangeState::Waiting }
    }

    /// Its body, counted as it comes.
    pub(super) fn counted(&self, body: Incoming) -> Body {
        let Some(counted) = self.body.clone() else { return Body::new(body) };
        let (connection_state, budget) = (Arc::clone(&self.connection_state), Arc::clone(&self.budget));
        Body::new(CountedBody { body, counted, request: self.request, connection_state, budget })
    }

    /// Waits until the connection's client has taken so much of earlier answers that there is room for another one.
    ///
    /// Requests wait instead of being refused (REFUSED_STREAM, 503): a client on a slow line that asks for much at once
    /// is as legitimate as any, gets everything, and only later. What a client that takes nothing has waiting here is
    /// bounded by the number of streams, and its answers are given up after the stall timeout.
    pub(super) async fn wait_for_room(&mut self) {
        self.connection_state.wait_for_room(self.budget.limits.unsent_bytes_per_connection).await;
        self.state = ExchangeState::Running;
    }

    /// The answer, with its body counted as unsent.
    ///
    /// The body is brought together first. It is in memory anyway, all of it; compressed it is smaller than what it is
    /// made of, and what compresses it, up to some MiB, is gone before the client has a say in how long this takes.
    pub(super) async fn answer(
        mut self,
        response: Response<Body>,
    ) -> Result<Response<ResponseBody>, axum::Error> {
        let (head, body) = response.into_parts();
        let bytes = fitted(body.collect().await?.to_bytes());
        self.stop_counting();
        let stream: Option<StreamHandle> = self.is_http2.then(StreamExecutor::stream).flatten();
        self.state =
            ExchangeState::Answered(self.connection_state.answer_begins(self.request, bytes.len(), stream));
        if !bytes.is_empty() {
            self.budget.keep(What::Answers);
        }
        Ok(Response::from_parts(head, ResponseBody::new(self, bytes)))
    }

    fn stop_counting(&self) {
        if let Some(body) = &self.body {
            body.stop();
        }
    }

    /// A part of its answer is with the client's system.
    pub(super) fn is_taken(&self) {
        if let ExchangeState::Answered(answer) = self.state {
            self.connection_state.answer_is_taken(answer);
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.is_http2
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let was_worked_on = match self.state {
            ExchangeState::Answered(answer) => return self.connection_state.answer_ends(answer),
            ExchangeState::Running => true,
            ExchangeState::Waiting => false,
        };
        self.stop_counting();
        self.connection_state.request_ends(self.request, was_worked_on);
    }
}

/// The same in memory of its size: what an answer was written into may be twice as large, and would be held as well.
fn fitted(bytes: Bytes) -> Bytes {
    if bytes.len() < WORTH_FITTING {
        return bytes;
    }
    match bytes.try_into_mut() {
        Ok(bytes) if bytes.capacity() > bytes.len() + bytes.len() / 8 => Bytes::copy_from_slice(&bytes),
        Ok(bytes) => bytes.freeze(),
        Err(shared) => shared,
    }
}
