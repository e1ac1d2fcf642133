//! The state of a connection and its current deadline.
//!
//! The components that handle a connection record what happens: bytes, requests, responses. The connection's task reads
//! the state whenever it wakes up, and then waits, shuts down or closes.

use std::task::{Context, Waker};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

use super::held_memory::{HeldMemory, Stalled, StreamHandle};
use super::limits::Limits;
use super::metrics::ServerMetrics;
use crate::clock::Timer;

/// How long after a stop a request may take to arrive that has begun to, or is the first one of its connection: the client sent
/// it before it could know of the stop.
const ARRIVAL: Duration = Duration::from_secs(2);

/// The idle timeout of a connection after a stop: how long an HTTP/2 client may take to respond to the GOAWAY.
const STOPPED_IDLE: Duration = Duration::from_secs(1);

/// How long a connection is idle before it frees its buffers. Longer than the pauses of a client that works without a break, which
/// would otherwise pay for new buffers with each request.
const REST_AFTER: Duration = Duration::from_millis(100);

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

/// The next action of a connection's task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// No deadline: a request is running, which has its own time limits.
    Run,
    /// Wait, at most until the deadline.
    Wait(Duration, Overdue),
    /// Shut down after the running requests. Returned once.
    ShutDown,
    /// Close now.
    Close,
}

/// Why a connection timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The headers of a request are incomplete.
    Headers,
    /// The client does not read its response.
    Response,
    /// No further request has arrived.
    Idle,
    /// No further request has arrived for 100 ms. The connection stays open, and frees its buffers.
    Rest,
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

    /// The next action of the connection's task. A later signal wakes the task.
    pub(super) fn next_action(&self, cx: &Context<'_>, limits: &Limits) -> Action {
        let mut state = self.state();
        match state.signal {
            Some(Signal::Evict | Signal::Reset) => return Action::Close,
            Some(Signal::ShutDown) if !state.awaits_request() => {
                state.signal = None;
                return Action::ShutDown;
            }
            Some(Signal::ShutDown) | None => {}
        }
        if state.is_draining && state.is_http2 {
            state.is_draining = false;
            return Action::ShutDown;
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        if let Some(deadline) = state.unsent.deadline(state.flow_changed_at, limits) {
            return Action::Wait(deadline, Overdue::Response);
        }
        if state.running > 0 {
            return Action::Run;
        }
        let last_activity = state.last_activity;
        match state.head_started_at {
            _ if state.is_blocked => Action::Wait(last_activity + limits.send_timeout, Overdue::Response),
            Some(started_at) => {
                let deadline = started_at.max(last_activity) + limits.header_timeout;
                let stop = state.stopped_at.map_or(deadline, |stopped_at| stopped_at + ARRIVAL);
                Action::Wait(deadline.min(stop), Overdue::Headers)
            }
            None => {
                let idle = last_activity + limits.idle_timeout;
                let stop = state.stopped_at.map_or(idle, |at| at.max(last_activity) + STOPPED_IDLE);
                let (deadline, rest) = (idle.min(stop), last_activity + REST_AFTER);
                if !state.is_resting && state.bodies == 0 && rest < deadline {
                    Action::Wait(rest, Overdue::Rest)
                } else {
                    Action::Wait(deadline, Overdue::Idle)
                }
            }
        }
    }

    /// Drops overdue responses: resets their streams, or the whole connection where a stream can't be reset.
    pub(super) fn reset_overdue(&self, limits: &Limits) -> Stalled {
        let now = self.now();
        let mut state = self.state();
        let flow_changed_at = state.flow_changed_at;
        // The response may have ended since the deadline was computed.
        let stalled = if state.is_blocked && now >= state.last_activity + limits.send_timeout {
            Stalled::Connection
        } else {
            state.unsent.reset_overdue(now, flow_changed_at, limits)
        };
        if stalled == Stalled::Connection {
            state.signal = Some(Signal::Reset);
        }
        stalled
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

    /// Whether the head of a request is arriving, or the connection has had none yet.
    fn awaits_request(&self) -> bool {
        self.head_started_at.is_some() && self.running == 0 && !self.is_http2
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

#[cfg(test)]
mod tests {
    use super::{
        ARRIVAL, Action, ConnectionState, Duration, Overdue, REST_AFTER, STOPPED_IDLE, ServerMetrics,
    };
    use crate::clock::Timer;
    use crate::server::limits::Limits;
    use std::task::{Context, Waker};

    fn limits() -> Limits {
        Limits::example()
    }

    fn next(connection_state: &ConnectionState, limits: &Limits) -> Action {
        connection_state.next_action(&Context::from_waker(Waker::noop()), limits)
    }

    /// Starts a request and answers it.
    fn run_request(connection_state: &ConnectionState, request: usize) -> usize {
        assert!(connection_state.try_start(1));
        connection_state.response_started(request, 1, None)
    }

    #[test]
    fn each_phase_of_a_connection_has_its_own_deadline() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let deadline = || match next(&connection_state, &limits()) {
            Action::Wait(until, reason) => {
                Some((until.saturating_sub(connection_state.now()).as_secs_f64().round(), reason))
            }
            _ => None,
        };
        assert_eq!(deadline(), Some((10.0, Overdue::Headers)), "a new connection waits for headers");
        connection_state.bytes_received();
        let request = connection_state.request_started(false, 1);
        connection_state.bytes_received();
        assert_eq!(next(&connection_state, &limits()), Action::Run);
        let response = run_request(&connection_state, request);
        assert_eq!(deadline(), Some((120.0, Overdue::Response)));
        let (before, tenth) = (connection_state.now(), Duration::from_millis(100));
        connection_state.response_finished(response);
        let Action::Wait(until, Overdue::Rest) = next(&connection_state, &limits()) else {
            panic!("no rest")
        };
        assert!((before + tenth..=connection_state.now() + tenth).contains(&until), "{before:?} {until:?}");
        connection_state.rest();
        assert_eq!(deadline(), Some((75.0, Overdue::Idle)));
        connection_state.set_blocked(true);
        assert_eq!(deadline(), Some((120.0, Overdue::Response)), "written, but not read by the client");
        connection_state.set_blocked(false);
        connection_state.bytes_received();
        assert_eq!(deadline(), Some((10.0, Overdue::Headers)), "the next request");
    }

    /// A request that is on its way over an idle HTTP/1 connection must not meet a closed connection.
    #[test]
    fn draining_shuts_down_http2_connections_only() {
        for is_http2 in [false, true] {
            let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
            connection_state.drain();
            assert!(
                matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Headers)),
                "without a request, the protocol is not known"
            );
            let request = connection_state.request_started(is_http2, 1);
            let expected = if is_http2 { Action::ShutDown } else { Action::Run };
            assert_eq!(next(&connection_state, &limits()), expected);
            assert_eq!(next(&connection_state, &limits()), Action::Run, "it is signalled once");
            let response = run_request(&connection_state, request);
            connection_state.response_finished(response);
            assert!(matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Rest)));
        }
    }

    /// hyper may still wait for the rest of the body, which would look like another request.
    #[test]
    fn a_connection_rests_only_after_the_bodies_of_its_requests_are_dropped() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let request = connection_state.request_started(false, 1);
        connection_state.body_opened();
        let response = run_request(&connection_state, request);
        connection_state.response_finished(response);
        assert!(matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Idle)));
        std::thread::sleep(Duration::from_millis(5));
        let dropped_at = connection_state.now();
        connection_state.body_dropped();
        let next = next(&connection_state, &limits());
        let Action::Wait(until, Overdue::Rest) = next else { panic!("{next:?}") };
        assert!(until >= dropped_at + REST_AFTER, "hyper is polled before, {until:?}");
    }

    /// HTTP/2 clients also send frames that are not requests, and send several requests at once.
    #[test]
    fn http2_frames_between_requests_start_no_header_timeout() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let (one, other) =
            (connection_state.request_started(true, 1), connection_state.request_started(true, 1));
        let response = run_request(&connection_state, one);
        assert!(
            matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Response)),
            "the other request is still running"
        );
        connection_state.request_abandoned(other, false);
        assert!(matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Response)));
        connection_state.response_finished(response);
        connection_state.bytes_received();
        assert!(matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Rest)));
    }

    /// The next headers arrived while a response was being sent slowly.
    #[test]
    fn the_header_timeout_starts_after_the_previous_response() {
        let limits = Limits { header_timeout: Duration::from_millis(20), ..limits() };
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let request = connection_state.request_started(false, 1);
        let response = run_request(&connection_state, request);
        connection_state.bytes_received();
        std::thread::sleep(Duration::from_millis(25));
        connection_state.response_finished(response);
        let next = next(&connection_state, &limits);
        let Action::Wait(until, Overdue::Headers) = next else { panic!("{next:?}") };
        assert!(until >= Duration::from_millis(45), "{until:?}");
    }

    /// The production of a part has its own limits.
    #[test]
    fn a_streamed_response_has_a_deadline_while_a_part_is_unsent() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let request = connection_state.request_started(false, 1);
        assert!(connection_state.try_start(1));
        for _ in 0..2 {
            assert_eq!(next(&connection_state, &limits()), Action::Run);
            let part = connection_state.part_started(10, None);
            assert!(matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Response)));
            connection_state.response_finished(part);
        }
        assert_eq!(next(&connection_state, &limits()), Action::Run);
        connection_state.request_abandoned(request, true);
        assert!(matches!(next(&connection_state, &limits()), Action::Wait(_, Overdue::Rest)));
    }

    #[test]
    fn a_stop_waits_for_a_request_that_is_arriving() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        connection_state.stop();
        let waiting = next(&connection_state, &limits());
        let Action::Wait(until, Overdue::Headers) = waiting else { panic!("{waiting:?}") };
        assert!(until <= connection_state.now() + ARRIVAL, "{until:?}");
        connection_state.request_started(false, 1);
        assert_eq!(next(&connection_state, &limits()), Action::ShutDown);
        assert_eq!(next(&connection_state, &limits()), Action::Run);
    }

    /// A client that does not respond to a GOAWAY would prolong the stop.
    #[test]
    fn an_idle_connection_is_closed_soon_after_a_stop() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let request = connection_state.request_started(true, 1);
        let response = run_request(&connection_state, request);
        connection_state.response_finished(response);
        connection_state.rest();
        connection_state.stop();
        assert_eq!(next(&connection_state, &limits()), Action::ShutDown);
        let waiting = next(&connection_state, &limits());
        let Action::Wait(until, Overdue::Idle) = waiting else { panic!("{waiting:?}") };
        assert!(until <= connection_state.now() + STOPPED_IDLE, "{until:?}");
    }

    #[test]
    fn a_shutdown_is_signaled_once() {
        let connection_state = ConnectionState::new(Timer::start(), &ServerMetrics::default());
        let request = connection_state.request_started(false, 1);
        let response = run_request(&connection_state, request);
        connection_state.response_finished(response);
        assert!(!connection_state.evict_idle(), "it was used");
        connection_state.stop();
        assert_eq!(next(&connection_state, &limits()), Action::ShutDown);
        assert!(matches!(next(&connection_state, &limits()), Action::Wait(..)));
        assert!(connection_state.evict_idle());
        connection_state.stop();
        assert_eq!(next(&connection_state, &limits()), Action::Close);
    }
}
