//! What a connection is doing, and until when it may: kept by whoever sees it happen, looked at by the task of the
//! connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use crate::config::LimitConfig;
use crate::system::Stopwatch;

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct Activity {
    /// Moments are measured from here, the start of the server.
    start: Stopwatch,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests that are not answered yet; several at a time over HTTP/2.
    running: u32,
    /// Answers that are not sent yet.
    sending: u32,
    /// When the last request was answered, or the last answer sent.
    since: Duration,
    /// When the headers that are being read began; the first of a connection with the connection.
    head_since: Option<Duration>,
    /// Whether it speaks HTTP/2, as the first request tells. There much is sent between requests that is no header.
    is_http2: bool,
    /// Whether the client takes nothing of what was written to it.
    is_blocked: bool,
    /// Whether there was a request since it was last asked to make room.
    was_used: bool,
    /// What its task is to be told.
    asked: Option<Asked>,
    /// Wakes its task.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ToMakeRoom,
    ToStop,
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
    MakeRoom,
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

impl Activity {
    /// That of a connection that has just been opened.
    pub(super) fn new(start: Stopwatch) -> Self {
        let now = start.elapsed();
        let state = State {
            running: 0,
            sending: 0,
            since: now,
            head_since: Some(now),
            is_http2: false,
            is_blocked: false,
            was_used: false,
            asked: None,
            waker: None,
        };
        Self { start, state: Mutex::new(state) }
    }

    /// The time since the start of the server.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn request_begins(&self, is_http2: bool) {
        let mut state = self.state();
        state.running += 1;
        state.head_since = None;
        state.is_http2 = is_http2;
        state.was_used = true;
    }

    /// A request ends without an answer: nobody waits for one.
    pub(super) fn request_ends(&self) {
        let now = self.now();
        let mut state = self.state();
        state.running -= 1;
        state.since = now;
    }

    pub(super) fn answer_begins(&self) {
        let now = self.now();
        let mut state = self.state();
        state.running -= 1;
        state.sending += 1;
        state.since = now;
    }

    pub(super) fn answer_ends(&self) {
        let now = self.now();
        let mut state = self.state();
        state.sending -= 1;
        state.since = now;
    }

    /// Whether a request is worked on that is not answered yet, over HTTP/1.
    pub(super) fn is_at_work_over_http1(&self) -> bool {
        let state = self.state();
        state.running > 0 && !state.is_http2
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
        }
    }

    /// What its task, which is woken when it is asked for something, has to do.
    pub(super) fn next(&self, cx: &Context<'_>, limits: &LimitConfig) -> Next {
        let mut state = self.state();
        match state.asked {
            Some(Asked::ToMakeRoom) => return Next::MakeRoom,
            Some(Asked::ToStop) => {
                state.asked = None;
                return Next::Stop;
            }
            None => {}
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        if state.running > 0 {
            return Next::Work;
        }
        let answered = state.since;
        match state.head_since {
            _ if state.sending > 0 || state.is_blocked => {
                Next::Wait(answered + limits.send_timeout, Overdue::Answer)
            }
            Some(began) => Next::Wait(began.max(answered) + limits.header_timeout, Overdue::Headers),
            None => Next::Wait(answered + limits.idle_timeout, Overdue::Idle),
        }
    }

    /// Asks it to make room. One that waits for a request does, unless there was one since it was last asked.
    pub(super) fn make_room(&self) -> bool {
        let mut state = self.state();
        let is_waiting = state.running == 0 && state.sending == 0;
        let makes_room = is_waiting && !std::mem::take(&mut state.was_used);
        if makes_room {
            state.ask(Asked::ToMakeRoom);
        }
        makes_room
    }

    /// Asks it to end after what is running.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        if state.asked.is_none() {
            state.ask(Asked::ToStop);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask(&mut self, asked: Asked) {
        self.asked = Some(asked);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Activity, Duration, Next, Overdue};
    use crate::config::{Config, Flags, LimitConfig, Values};
    use crate::system::Stopwatch;
    use std::task::{Context, Waker};

    fn limits() -> LimitConfig {
        Config::from_values(Values::only(&Flags::default())).unwrap().limits
    }

    fn next(activity: &Activity, limits: &LimitConfig) -> Next {
        activity.next(&Context::from_waker(Waker::noop()), limits)
    }

    #[test]
    fn what_a_connection_has_time_for() {
        let activity = Activity::new(Stopwatch::start());
        let time = || match next(&activity, &limits()) {
            Next::Wait(until, why) => Some((until.saturating_sub(activity.now()).as_secs_f64().round(), why)),
            _ => None,
        };
        assert_eq!(time(), Some((10.0, Overdue::Headers)), "it begins with a request");
        activity.bytes_arrive();
        activity.request_begins(false);
        activity.bytes_arrive();
        assert_eq!(next(&activity, &limits()), Next::Work);
        activity.answer_begins();
        assert_eq!(time(), Some((120.0, Overdue::Answer)));
        activity.answer_ends();
        assert_eq!(time(), Some((75.0, Overdue::Idle)));
        activity.is_blocked(true);
        assert_eq!(time(), Some((120.0, Overdue::Answer)), "handed over, but not taken");
        activity.is_blocked(false);
        activity.bytes_arrive();
        assert_eq!(time(), Some((10.0, Overdue::Headers)), "the next request");
    }

    /// Over HTTP/2 much is sent that is no request; and several are on their way at once.
    #[test]
    fn http_2() {
        let activity = Activity::new(Stopwatch::start());
        activity.request_begins(true);
        activity.request_begins(true);
        activity.answer_begins();
        assert_eq!(next(&activity, &limits()), Next::Work, "one is still worked on");
        activity.request_ends();
        assert!(matches!(next(&activity, &limits()), Next::Wait(_, Overdue::Answer)));
        activity.answer_ends();
        activity.bytes_arrive();
        assert!(matches!(next(&activity, &limits()), Next::Wait(_, Overdue::Idle)));
    }

    /// The next headers came while an answer was being sent, for long.
    #[test]
    fn headers_have_their_time_after_an_answer() {
        let limits = LimitConfig { header_timeout: Duration::from_millis(20), ..limits() };
        let activity = Activity::new(Stopwatch::start());
        activity.request_begins(false);
        activity.answer_begins();
        activity.bytes_arrive();
        std::thread::sleep(Duration::from_millis(25));
        activity.answer_ends();
        let next = next(&activity, &limits);
        let Next::Wait(until, Overdue::Headers) = next else { panic!("{next:?}") };
        assert!(until >= Duration::from_millis(45), "{until:?}");
    }

    #[test]
    fn a_stop_is_told_once() {
        let activity = Activity::new(Stopwatch::start());
        activity.stop();
        assert_eq!(next(&activity, &limits()), Next::Stop);
        assert!(matches!(next(&activity, &limits()), Next::Wait(..)));
        assert!(activity.make_room());
        activity.stop();
        assert_eq!(next(&activity, &limits()), Next::MakeRoom);
    }
}
