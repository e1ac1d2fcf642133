//! What a connection's task does next, and until when it waits.

use std::task::Context;
use std::time::Duration;

use super::{ConnectionState, Progress, Signal};
use crate::server::held_memory::Stalled;
use crate::server::limits::Limits;

/// How long after a stop a request may take to arrive that has begun to, or is the first one of its connection: the client sent
/// it before it could know of the stop.
const ARRIVAL: Duration = Duration::from_secs(2);

/// The idle timeout of a connection after a stop: how long an HTTP/2 client may take to respond to the GOAWAY.
const STOPPED_IDLE: Duration = Duration::from_secs(1);

/// How long a connection is idle before it frees its buffers. Longer than the pauses of a client that works without a break, which
/// would otherwise pay for new buffers with each request.
const REST_AFTER: Duration = Duration::from_millis(100);

/// The next action of a connection's task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Action {
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
pub(in crate::server) enum Overdue {
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
    /// The next action of the connection's task. A later signal wakes the task.
    pub(in crate::server) fn next_action(&self, cx: &Context<'_>, limits: &Limits) -> Action {
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
    pub(in crate::server) fn reset_overdue(&self, limits: &Limits) -> Stalled {
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
}

impl Progress {
    /// Whether the head of a request is arriving, or the connection has had none yet.
    fn awaits_request(&self) -> bool {
        self.head_started_at.is_some() && self.running == 0 && !self.is_http2
    }
}

#[cfg(test)]
mod tests {
    use super::{ARRIVAL, Action, ConnectionState, Duration, Limits, Overdue, REST_AFTER, STOPPED_IDLE};
    use crate::clock::Timer;
    use crate::server::metrics::ServerMetrics;
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
