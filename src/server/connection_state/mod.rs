//! The state of a connection and its current deadline.
//!
//! The components that handle a connection record what happens: bytes, requests, responses. The connection's task reads
//! the state whenever it wakes up, and then waits, shuts down or closes (`action.rs`).

mod action;

use std::task::Waker;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

use super::held_memory::{HeldMemory, StreamHandle};
use super::metrics::ServerMetrics;
use crate::clock::Timer;
pub(super) use action::{Action, Overdue};

/// The state of a connection, shared between its task and the components that handle it.
#[derive(Debug)]
pub(super) struct ConnectionState {
    /// The start of the server. All timestamps are relative to it.
    start: Timer,
    state: Mutex<Progress>,
    /// Bytes of unsent responses of all connections.
    all_unsent: Gauge,
    /// Bytes of unanswered requests of all connections.
    all_received: Gauge,
    /// Wakes a request that waits for capacity.
    capacity: Notify,
}

#[derive(Debug)]
struct Progress {
    /// Unanswered requests; over HTTP/2 there can be several.
    running: u32,
    /// Unanswered requests that have not started, because the client has not read earlier responses.
    waiting: u32,
    /// Responses that are not completely sent.
    unsent: HeldMemory,
    /// Unanswered requests, with the part of their bodies that has arrived.
    requests: HeldMemory,
    /// Bodies of requests that are not dropped yet. hyper may not have read them to their ends.
    bodies: u32,
    /// When the last request was answered, its body dropped, or the last response was sent.
    last_activity: Duration,
    /// When the server began to read the current headers. For the first request this is when the connection was opened.
    head_started_at: Option<Duration>,
    /// Whether the protocol is HTTP/2, according to the first request. HTTP/2 clients also send frames between requests
    /// that are not headers.
    is_http2: bool,
    /// Whether the client's receive window is full, so that a write is pending.
    is_blocked: bool,
    /// The last change of `is_blocked`.
    flow_changed_at: Duration,
    /// Whether the buffers were freed, and no request has arrived since.
    is_resting: bool,
    /// Whether a request has arrived since the last attempt to evict the connection.
    was_used: bool,
    /// Whether the server drains, and the connection has not yet been shut down for it.
    is_draining: bool,
    /// When the server was stopped.
    stopped_at: Option<Duration>,
    /// A signal that the connection's task has not handled yet.
    signal: Option<Signal>,
    /// Wakes the connection's task.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// Close the idle connection in favor of a new one.
    Evict,
    /// Close the connection with everything that is unsent, because a memory budget or a timeout was exceeded.
    Reset,
    /// Shut down after the running requests.
    ShutDown,
}

/// The kinds of memory that are held for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemoryKind {
    /// Responses that the client has not read completely.
    Responses,
    /// Unanswered requests.
    Requests,
}

impl ConnectionState {
    /// The state of a connection that has just been opened.
    pub(super) fn new(start: Timer, metrics: &ServerMetrics) -> Self {
        let now = start.elapsed();
        let state = Progress {
            running: 0,
            waiting: 0,
            unsent: HeldMemory::default(),
            requests: HeldMemory::default(),
            bodies: 0,
            last_activity: now,
            head_started_at: Some(now),
            is_http2: false,
            is_blocked: false,
            flow_changed_at: now,
            is_resting: false,
            was_used: false,
            is_draining: false,
            stopped_at: None,
            signal: None,
            waker: None,
        };
        let (all_unsent, all_received) = (metrics.unsent.clone(), metrics.received.clone());
        Self { start, state: Mutex::new(state), all_unsent, all_received, capacity: Notify::new() }
    }

    /// The time since the start of the server.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Records a request of this size, which waits for capacity. Returns the request's index.
    pub(super) fn request_started(&self, is_http2: bool, bytes: usize) -> usize {
        let now = self.now();
        self.all_received.inc_by(gauge_value(bytes));
        let mut state = self.state();
        state.running += 1;
        state.waiting += 1;
        state.head_started_at = None;
        state.is_http2 = is_http2;
        state.is_resting = false;
        state.was_used = true;
        state.requests.begin(bytes, now, None)
    }

    /// Waits until a further response fits into the connection's budget beside the unsent responses and those of running
    /// requests.
    pub(super) async fn wait_for_capacity(&self, budget: usize) {
        loop {
            let woken = self.capacity.notified();
            if self.try_start(budget) {
                return;
            }
            woken.await;
        }
    }

    pub(super) fn try_start(&self, budget: usize) -> bool {
        let mut state = self.state();
        let others = state.running - state.waiting;
        if !state.unsent.has_capacity(others as usize, budget) {
            return false;
        }
        state.waiting -= 1;
        // The budget may admit the next request as well.
        self.wake_one(&state);
        true
    }

    fn wake_one(&self, state: &Progress) {
        if state.waiting > 0 {
            self.capacity.notify_one();
        }
    }

    /// Records that a request ended without a response, because its client hung up or reset the stream, or that its
    /// streamed response ended.
    pub(super) fn request_abandoned(&self, request: usize, was_running: bool) {
        let now = self.now();
        let mut state = self.state();
        self.all_received.dec_by(gauge_value(state.requests.end(request)));
        state.running -= 1;
        state.waiting -= u32::from(!was_running);
        state.last_activity = now;
        self.wake_one(&state);
    }

    /// Records a request's response of this size. Returns the response's index.
    pub(super) fn response_started(
        &self,
        request: usize,
        bytes: usize,
        stream: Option<StreamHandle>,
    ) -> usize {
        let now = self.now();
        self.all_unsent.inc_by(gauge_value(bytes));
        let mut state = self.state();
        self.all_received.dec_by(gauge_value(state.requests.end(request)));
        state.running -= 1;
        state.last_activity = now;
        let response = state.unsent.begin(bytes, now, stream);
        self.wake_one(&state);
        response
    }

    /// Records a part of a streamed response, whose request is still running. Returns the part's index, as of a response.
    pub(super) fn part_started(&self, bytes: usize, stream: Option<StreamHandle>) -> usize {
        let now = self.now();
        self.all_unsent.inc_by(gauge_value(bytes));
        self.state().unsent.begin(bytes, now, stream)
    }

    /// Records that a part of a response was handed to the operating system.
    pub(super) fn response_progressed(&self, response: usize) {
        let now = self.now();
        self.state().unsent.record_progress(response, now);
    }

    /// Records that a response was sent completely, or dropped.
    pub(super) fn response_finished(&self, response: usize) {
        let now = self.now();
        let mut state = self.state();
        self.all_unsent.dec_by(gauge_value(state.unsent.end(response)));
        state.last_activity = now;
        self.wake_one(&state);
    }

    /// Whether an HTTP/1.1 request is running.
    pub(super) fn is_running_http1_request(&self) -> bool {
        let state = self.state();
        state.running > 0 && !state.is_http2
    }

    /// Records bytes of a request body.
    pub(super) fn body_received(&self, request: usize, bytes: usize) {
        if self.state().requests.grow(request, bytes) {
            self.all_received.inc_by(gauge_value(bytes));
        }
    }

    /// Records a request's body that will arrive.
    pub(super) fn body_opened(&self) {
        self.state().bodies += 1;
    }

    /// Records that a request's body was dropped. What the client has not sent of it would look like another request, if the
    /// connection rested before hyper is polled again, which closes it.
    pub(super) fn body_dropped(&self) {
        let now = self.now();
        let mut state = self.state();
        state.bodies -= 1;
        state.last_activity = now;
    }

    /// Records that the connection rests until its next request.
    pub(super) fn rest(&self) {
        let mut state = self.state();
        state.is_resting = true;
        state.unsent.rest();
        state.requests.rest();
    }

    /// Records that bytes have arrived from the client.
    pub(super) fn bytes_received(&self) {
        let mut state = self.state();
        if !state.is_http2 && state.running == 0 && state.head_started_at.is_none() {
            state.head_started_at = Some(self.now());
        }
    }

    /// Records whether the client's receive window is full.
    pub(super) fn set_blocked(&self, is_blocked: bool) {
        let mut state = self.state();
        if state.is_blocked != is_blocked {
            state.is_blocked = is_blocked;
            state.flow_changed_at = self.now();
        }
    }

    /// The memory held for the connection: a weight to compare connections by, and bytes. `None` if it is being reset.
    pub(super) fn held_memory(&self, kind: MemoryKind) -> Option<(usize, usize)> {
        let now = self.now();
        let state = self.state();
        let held = match kind {
            MemoryKind::Responses => &state.unsent,
            MemoryKind::Requests => &state.requests,
        };
        (state.signal != Some(Signal::Reset) && held.bytes() > 0).then(|| (held.weight(now), held.bytes()))
    }

    /// Signals the task to close the connection at once, with everything that is unsent.
    pub(super) fn reset(&self) {
        self.state().send(Signal::Reset);
    }

    pub(super) fn is_reset(&self) -> bool {
        self.state().signal == Some(Signal::Reset)
    }

    /// Closes the connection if it is idle and has had no request since the last attempt. Returns whether it is closed.
    pub(super) fn evict_idle(&self) -> bool {
        let mut state = self.state();
        let is_idle = state.running == 0 && state.unsent.is_empty();
        let is_evicted = is_idle && !std::mem::take(&mut state.was_used);
        if is_evicted {
            state.send(Signal::Evict);
        }
        is_evicted
    }

    /// Lets the client move its further requests to another connection, while the server drains.
    ///
    /// Over HTTP/2 the connection gets a GOAWAY, before its first request together with that request: hyper would close it
    /// otherwise. Over HTTP/1 the next response says that it is the last one. Until then an idle connection stays open,
    /// because a request may be on its way to the server.
    pub(super) fn drain(&self) {
        let mut state = self.state();
        state.is_draining = true;
        state.wake();
    }

    /// Signals the task to shut down after the running requests. A request over HTTP/1 that is arriving is served before.
    pub(super) fn stop(&self) {
        let now = self.now();
        let mut state = self.state();
        state.stopped_at.get_or_insert(now);
        if state.signal.is_none() {
            state.send(Signal::ShutDown);
        }
    }

    fn state(&self) -> MutexGuard<'_, Progress> {
        self.state.lock()
    }
}

impl Progress {
    fn send(&mut self, signal: Signal) {
        self.signal = Some(signal);
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The value of a gauge.
fn gauge_value(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
