//! What a connection is doing, and until when it may: kept by whoever sees it happen, looked at by the task of the
//! connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

use super::held::{Held, Stalled, StreamHandle};
use super::limits::Limits;
use super::meters::Meters;
use crate::clock::Timer;

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct ConnectionState {
    /// Moments are measured from here, the start of the server.
    start: Timer,
    state: Mutex<Progress>,
    /// Bytes of answers that are not sent, and of requests that are not answered, of all connections.
    all_unsent: Gauge,
    all_received: Gauge,
    /// Wakes a request that waits for room.
    room: Notify,
}

#[derive(Debug)]
struct Progress {
    /// Requests that are not answered yet; several at a time over HTTP/2.
    running: u32,
    /// Those of them that wait until their client has taken earlier answers.
    waiting: u32,
    /// Answers that are not sent yet.
    unsent: Held,
    /// Requests that are not answered yet, with as much of their bodies as has come.
    requests: Held,
    /// When the last request was answered, or the last answer sent.
    since: Duration,
    /// When the headers that are being read began; the first of a connection with the connection.
    head_since: Option<Duration>,
    /// Whether it speaks HTTP/2, as the first request tells. There much is sent between requests that is no header.
    is_http2: bool,
    /// Whether the client takes nothing of what was written to it.
    is_blocked: bool,
    /// When it last took something after it had taken nothing.
    moved: Duration,
    /// Whether there was a request since it was last asked to make room.
    was_used: bool,
    /// What its task is to be told.
    asked: Option<Asked>,
    /// Wakes its task.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    MakeRoom,
    /// It holds more than others, and all hold too much.
    Reset,
    Stop,
}

/// What is held for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Answers that its client has not taken.
    Answers,
    /// Requests that are not answered.
    Requests,
}

/// What the task of a connection has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: a request is worked on, which has time limits of its own.
    Work,
    /// To wait until then at most.
    Wait(Duration, Overdue),
    /// To end after what is running, as the server does. Told once.
    Stop,
    /// To end now.
    End,
}

/// Why a connection has no more time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The headers of a request are not complete.
    Headers,
    /// The client doesn't take its answer.
    Answer,
    /// There is no further request.
    Idle,
}

impl ConnectionState {
    /// That of a connection that has just been opened.
    pub(super) fn new(start: Timer, meters: &Meters) -> Self {
        let now = start.elapsed();
        let state = Progress {
            running: 0,
            waiting: 0,
            unsent: Held::default(),
            requests: Held::default(),
            since: now,
            head_since: Some(now),
            is_http2: false,
            is_blocked: false,
            moved: now,
            was_used: false,
            asked: None,
            waker: None,
        };
        let (all_unsent, all_received) = (meters.unsent.clone(), meters.received.clone());
        Self { start, state: Mutex::new(state), all_unsent, all_received, room: Notify::new() }
    }

    /// The time since the start of the server.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A request of so many bytes, which waits at first. What is returned names it.
    pub(super) fn request_begins(&self, is_http2: bool, bytes: usize) -> usize {
        let now = self.now();
        self.all_received.inc_by(gauged(bytes));
        let mut state = self.state();
        state.running += 1;
        state.waiting += 1;
        state.head_since = None;
        state.is_http2 = is_http2;
        state.was_used = true;
        state.requests.begin(bytes, now, None)
    }

    /// Lets a request go on as soon as the connection's unsent answers, and those that are being made, leave room.
    pub(super) async fn wait_for_room(&self, budget: usize) {
        loop {
            let may_be_woken = self.room.notified();
            if self.takes_room(budget) {
                return;
            }
            may_be_woken.await;
        }
    }

    pub(super) fn takes_room(&self, budget: usize) -> bool {
        let mut state = self.state();
        let beside = state.running - state.waiting;
        if !state.unsent.has_room(beside as usize, budget) {
            return false;
        }
        state.waiting -= 1;
        // There may be room for the next as well.
        self.wake_one(&state);
        true
    }

    fn wake_one(&self, state: &Progress) {
        if state.waiting > 0 {
            self.room.notify_one();
        }
    }

    /// A request ends without an answer: nobody waits for one.
    pub(super) fn request_ends(&self, request: usize, was_worked_on: bool) {
        let now = self.now();
        let mut state = self.state();
        self.all_received.dec_by(gauged(state.requests.end(request)));
        state.running -= 1;
        state.waiting -= u32::from(!was_worked_on);
        state.since = now;
        self.wake_one(&state);
    }

    /// A request has an answer of so many bytes. What is returned names the answer.
    pub(super) fn answer_begins(&self, request: usize, bytes: usize, stream: Option<StreamHandle>) -> usize {
        let now = self.now();
        self.all_unsent.inc_by(gauged(bytes));
        let mut state = self.state();
        self.all_received.dec_by(gauged(state.requests.end(request)));
        state.running -= 1;
        state.since = now;
        let answer = state.unsent.begin(bytes, now, stream);
        self.wake_one(&state);
        answer
    }

    /// The client's system took a part of an answer.
    pub(super) fn answer_is_taken(&self, answer: usize) {
        let now = self.now();
        self.state().unsent.take(answer, now);
    }

    /// All of an answer is sent, or given up.
    pub(super) fn answer_ends(&self, answer: usize) {
        let now = self.now();
        let mut state = self.state();
        self.all_unsent.dec_by(gauged(state.unsent.end(answer)));
        state.since = now;
        self.wake_one(&state);
    }

    /// Whether a request is worked on that is not answered yet, over HTTP/1.
    pub(super) fn is_at_work_over_http1(&self) -> bool {
        let state = self.state();
        state.running > 0 && !state.is_http2
    }

    /// So many bytes of the body of a request have come.
    pub(super) fn body_grows(&self, request: usize, bytes: usize) {
        if self.state().requests.grow(request, bytes) {
            self.all_received.inc_by(gauged(bytes));
        }
    }

    /// The client sent something.
    pub(super) fn bytes_arrive(&self) {
        let mut state = self.state();
        if !state.is_http2 && state.running == 0 && state.head_since.is_none() {
            state.head_since = Some(self.now());
        }
    }

    /// The client takes what is written to it, or doesn't.
    pub(super) fn is_blocked(&self, is_blocked: bool) {
        let mut state = self.state();
        if state.is_blocked != is_blocked {
            state.is_blocked = is_blocked;
            state.moved = self.now();
        }
    }

    /// What its task, which is woken when it is asked for something, has to do.
    pub(super) fn next(&self, cx: &Context<'_>, limits: &Limits) -> Next {
        let mut state = self.state();
        match state.asked {
            Some(Asked::MakeRoom | Asked::Reset) => return Next::End,
            Some(Asked::Stop) => {
                state.asked = None;
                return Next::Stop;
            }
            None => {}
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        if let Some(deadline) = state.unsent.deadline(state.moved, limits) {
            return Next::Wait(deadline, Overdue::Answer);
        }
        if state.running > 0 {
            return Next::Work;
        }
        let answered = state.since;
        match state.head_since {
            _ if state.is_blocked => Next::Wait(answered + limits.send_timeout, Overdue::Answer),
            Some(began) => Next::Wait(began.max(answered) + limits.header_timeout, Overdue::Headers),
            None => Next::Wait(answered + limits.idle_timeout, Overdue::Idle),
        }
    }

    /// Gives answers up that are overdue: by resetting their streams, or if that can't be, with the connection.
    pub(super) fn reset_overdue(&self, limits: &Limits) -> Stalled {
        let now = self.now();
        let mut state = self.state();
        let moved = state.moved;
        // The answer may have ended just now.
        let stalled = if state.is_blocked && now >= state.since + limits.send_timeout {
            Stalled::Connection
        } else {
            state.unsent.reset_overdue(now, moved, limits)
        };
        if stalled == Stalled::Connection {
            state.asked = Some(Asked::Reset);
        }
        stalled
    }

    /// How much is held for it: a weight to compare it by, and bytes. None for one that is being reset.
    pub(super) fn holds(&self, what: What) -> Option<(usize, usize)> {
        let now = self.now();
        let state = self.state();
        let held = match what {
            What::Answers => &state.unsent,
            What::Requests => &state.requests,
        };
        (state.asked != Some(Asked::Reset) && held.bytes() > 0).then(|| (held.weight(now), held.bytes()))
    }

    /// Asks it to end at once, with everything that is unsent.
    pub(super) fn reset(&self) {
        self.state().ask(Asked::Reset);
    }

    pub(super) fn is_reset(&self) -> bool {
        self.state().asked == Some(Asked::Reset)
    }

    /// Asks it to make room. One that waits for a request does, unless there was one since it was last asked.
    pub(super) fn evict_idle(&self) -> bool {
        let mut state = self.state();
        let is_waiting = state.running == 0 && state.unsent.is_empty();
        let makes_room = is_waiting && !std::mem::take(&mut state.was_used);
        if makes_room {
            state.ask(Asked::MakeRoom);
        }
        makes_room
    }

    /// Asks it to end after what is running.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        if state.asked.is_none() {
            state.ask(Asked::Stop);
        }
    }

    fn state(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn ask(&mut self, asked: Asked) {
        self.asked = Some(asked);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// As metrics count.
fn gauged(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{ConnectionState, Duration, Meters, Next, Overdue};
    use crate::clock::Timer;
    use crate::server::limits::Limits;
    use std::task::{Context, Waker};

    fn limits() -> Limits {
        Limits::example()
    }

    fn next(connection_state: &ConnectionState, limits: &Limits) -> Next {
        connection_state.next(&Context::from_waker(Waker::noop()), limits)
    }

    /// A request is worked on and answered.
    fn answer_begins(connection_state: &ConnectionState, request: usize) -> usize {
        assert!(connection_state.takes_room(1));
        connection_state.answer_begins(request, 1, None)
    }

    #[test]
    fn what_a_connection_has_time_for() {
        let connection_state = ConnectionState::new(Timer::start(), &Meters::default());
        let time = || match next(&connection_state, &limits()) {
            Next::Wait(until, why) => {
                Some((until.saturating_sub(connection_state.now()).as_secs_f64().round(), why))
            }
            _ => None,
        };
        assert_eq!(time(), Some((10.0, Overdue::Headers)), "it begins with a request");
        connection_state.bytes_arrive();
        let request = connection_state.request_begins(false, 1);
        connection_state.bytes_arrive();
        assert_eq!(next(&connection_state, &limits()), Next::Work);
        let answer = answer_begins(&connection_state, request);
        assert_eq!(time(), Some((120.0, Overdue::Answer)));
        connection_state.answer_ends(answer);
        assert_eq!(time(), Some((75.0, Overdue::Idle)));
        connection_state.is_blocked(true);
        assert_eq!(time(), Some((120.0, Overdue::Answer)), "handed over, but not taken");
        connection_state.is_blocked(false);
        connection_state.bytes_arrive();
        assert_eq!(time(), Some((10.0, Overdue::Headers)), "the next request");
    }

    /// Over HTTP/2 much is sent that is no request; and several are on their way at once.
    #[test]
    fn http_2() {
        let connection_state = ConnectionState::new(Timer::start(), &Meters::default());
        let (one, other) =
            (connection_state.request_begins(true, 1), connection_state.request_begins(true, 1));
        let answer = answer_begins(&connection_state, one);
        assert!(
            matches!(next(&connection_state, &limits()), Next::Wait(_, Overdue::Answer)),
            "one is still worked on"
        );
        connection_state.request_ends(other, false);
        assert!(matches!(next(&connection_state, &limits()), Next::Wait(_, Overdue::Answer)));
        connection_state.answer_ends(answer);
        connection_state.bytes_arrive();
        assert!(matches!(next(&connection_state, &limits()), Next::Wait(_, Overdue::Idle)));
    }

    /// The next headers came while an answer was being sent, for long.
    #[test]
    fn headers_have_their_time_after_an_answer() {
        let limits = Limits { header_timeout: Duration::from_millis(20), ..limits() };
        let connection_state = ConnectionState::new(Timer::start(), &Meters::default());
        let request = connection_state.request_begins(false, 1);
        let answer = answer_begins(&connection_state, request);
        connection_state.bytes_arrive();
        std::thread::sleep(Duration::from_millis(25));
        connection_state.answer_ends(answer);
        let next = next(&connection_state, &limits);
        let Next::Wait(until, Overdue::Headers) = next else { panic!("{next:?}") };
        assert!(until >= Duration::from_millis(45), "{until:?}");
    }

    #[test]
    fn a_stop_is_told_once() {
        let connection_state = ConnectionState::new(Timer::start(), &Meters::default());
        connection_state.stop();
        assert_eq!(next(&connection_state, &limits()), Next::Stop);
        assert!(matches!(next(&connection_state, &limits()), Next::Wait(..)));
        assert!(connection_state.evict_idle());
        connection_state.stop();
        assert_eq!(next(&connection_state, &limits()), Next::End);
    }
}
