//! What a request takes up until it is answered: its head, its task, and as much of its body as has come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use axum::http::Request;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use super::budget::Budget;
use super::connection_state::{ConnectionState, What};

/// What any request takes up, in bytes: its task and the map of its headers.
const EACH: usize = 4 * 1024;

/// What a request takes up without its body, in bytes.
pub(super) fn size_of_head<B>(request: &Request<B>) -> usize {
    let fields = request.headers().iter();
    let fields: usize = fields.map(|(name, value)| name.as_str().len() + value.len()).sum();
    EACH + request.uri().path().len() + request.uri().query().map_or(0, str::len) + fields
}

/// How much of a body counts as held, for the body and for its request.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    bytes: Arc<AtomicUsize>,
    most: usize,
}

impl Counted {
    /// Nothing of a body that may have so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: Arc::default(), most }
    }

    /// What comes from now on is not held.
    pub(super) fn stop(&self) {
        self.bytes.store(self.most, Ordering::Relaxed);
    }

    /// How many of these bytes count: none beyond what a body may have, because those are dropped as they come.
    fn add(&self, bytes: usize) -> usize {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        bytes.min(self.most.saturating_sub(before))
    }
}

/// The body of a request.
pub(super) struct CountedBody {
    pub(super) body: Incoming,
    pub(super) counted: Counted,
    pub(super) request: usize,
    pub(super) connection_state: Arc<ConnectionState>,
    pub(super) budget: Arc<Budget>,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            let counts = self.counted.add(bytes.len());
            if counts > 0 {
                self.connection_state.body_grows(self.request, counts);
                self.budget.keep(What::Requests);
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
