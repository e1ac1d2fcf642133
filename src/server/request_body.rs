//! The memory of an unanswered request: its headers, its task, and the part of its body that has arrived.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use axum::http::Request;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use super::budget::MemoryBudget;
use super::connection_state::{ConnectionState, MemoryKind};

/// The fixed cost of a request, in bytes: its task and the map of its headers.
const BASE_SIZE: usize = 4 * 1024;

/// The memory of a request without its body, in bytes.
pub(super) fn size_of_head<B>(request: &Request<B>) -> usize {
    let fields = request.headers().iter();
    let fields: usize = fields.map(|(name, value)| name.as_str().len() + value.len()).sum();
    BASE_SIZE + request.uri().path().len() + request.uri().query().map_or(0, str::len) + fields
}

/// Counts the bytes of a body up to a maximum. Shared by the body and its request.
#[derive(Clone, Debug)]
pub(super) struct BodyCounter {
    bytes: Arc<AtomicUsize>,
    max: usize,
}

impl BodyCounter {
    /// A counter at 0.
    pub(super) fn new(max: usize) -> Self {
        Self { bytes: Arc::default(), max }
    }

    /// Stops counting: later bytes do not count.
    pub(super) fn stop(&self) {
        self.bytes.store(self.max, Ordering::Relaxed);
    }

    /// Adds bytes. Returns how many of them count: bytes beyond the maximum are dropped when they arrive.
    fn add(&self, bytes: usize) -> usize {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        bytes.min(self.max.saturating_sub(before))
    }
}

/// The body of a request. Its bytes are counted as held by the connection.
pub(super) struct CountedBody {
    pub(super) body: Incoming,
    pub(super) counter: BodyCounter,
    pub(super) request: usize,
    pub(super) budget: Arc<MemoryBudget>,
    /// The last field, which is dropped last: hyper has to know of the drop of the body before the connection may rest.
    pub(super) open: OpenBody,
}

/// Records in the state of the connection that a body is not dropped yet.
pub(super) struct OpenBody(Arc<ConnectionState>);

impl OpenBody {
    pub(super) fn new(connection_state: &Arc<ConnectionState>) -> Self {
        connection_state.body_opened();
        Self(Arc::clone(connection_state))
    }
}

impl Drop for OpenBody {
    fn drop(&mut self) {
        self.0.body_dropped();
    }
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
            let added = self.counter.add(bytes.len());
            if added > 0 {
                self.open.0.body_received(self.request, added);
                self.budget.enforce(MemoryKind::Requests);
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
