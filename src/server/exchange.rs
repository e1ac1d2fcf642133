//! A request, from the end of its headers until its answer is sent or nobody wants it any more.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response, Version};
use http_body_util::BodyExt;

use super::activity::Activity;
use super::answer::Answer;
use super::stream_executor::StreamExecutor;
use super::unsent::StreamHandle;

/// A request and its answer.
pub(super) struct Exchange {
    activity: Arc<Activity>,
    /// None over HTTP/1.1.
    stream: Option<StreamHandle>,
    state: State,
}

enum State {
    /// It is not worked on, as long as the connection has too much that is unsent.
    Waiting,
    Running,
    /// Its answer, by its number among those of the connection.
    Answered(usize),
}

impl Exchange {
    pub(super) fn begin<B>(activity: &Arc<Activity>, request: &Request<B>) -> Self {
        let is_http2 = request.version() == Version::HTTP_2;
        activity.request_begins(is_http2);
        let stream = is_http2.then(StreamExecutor::stream).flatten();
        Self { activity: Arc::clone(activity), stream, state: State::Waiting }
    }

    /// Waits until the connection's client has taken so much of earlier answers that there is room for another one.
    ///
    /// Requests wait instead of being refused (REFUSED_STREAM, 503): a client on a slow line that asks for much at once
    /// is as legitimate as any, gets everything, and only later. What a client that takes nothing has waiting here is
    /// bounded by the number of streams, and its answers are given up after the stall timeout.
    pub(super) async fn wait_for_room(&mut self, budget: usize) {
        self.activity.wait_for_room(budget).await;
        self.state = State::Running;
    }

    /// The answer, with its body counted as unsent.
    ///
    /// The body is brought together first. It is in memory anyway, all of it; compressed it is smaller than what it is
    /// made of, and what compresses it, up to some MiB, is gone before the client has a say in how long this takes.
    pub(super) async fn answer(mut self, response: Response<Body>) -> Result<Response<Answer>, axum::Error> {
        let (head, body) = response.into_parts();
        let bytes: Bytes = body.collect().await?.to_bytes();
        let answer = self.activity.answer_begins(bytes.len(), self.stream.clone());
        self.state = State::Answered(answer);
        Ok(Response::from_parts(head, Answer::new(self, bytes)))
    }

    /// Bytes of its answer are with the system, or given up.
    pub(super) fn taken(&self, bytes: usize) {
        if let (State::Answered(answer), true) = (&self.state, bytes > 0) {
            self.activity.bytes_are_taken(*answer, bytes);
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.stream.is_some()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        match self.state {
            State::Waiting => self.activity.request_ends(false),
            State::Running => self.activity.request_ends(true),
            State::Answered(answer) => self.activity.answer_ends(answer),
        }
    }
}
