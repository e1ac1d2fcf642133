//! What a connection is doing, and until when it may: kept by whoever sees it happen, looked at by the task of the
//! connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::config::LimitConfig;
use crate::system::Stopwatch;

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct Activity {
    /// Moments are measured from here, the start of the server.
    start: Stopwatch,
    state: Mutex<State>,
    given_up: Notify,
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
        };
        Self { start, state: Mutex::new(state), given_up: Notify::new() }
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

    /// When its time is over, and why; none while a request is worked on, which has time limits of its own.
    pub(super) fn deadline(&self, limits: &LimitConfig) -> Option<(Duration, Overdue)> {
        let state = self.state();
        if state.running > 0 {
            return None;
        }
        let answered = state.since;
        Some(match state.head_since {
            _ if state.sending > 0 || state.is_blocked => (answered + limits.send_timeout, Overdue::Answer),
            Some(began) => (began.max(answered) + limits.header_timeout, Overdue::Headers),
            None => (answered + limits.idle_timeout, Overdue::Idle),
        })
    }

    /// Asks it to make room. One that waits for a request does, unless there was one since it was last asked.
    pub(super) fn give_up(&self) -> bool {
        let mut state = self.state();
        let is_waiting = state.running == 0 && state.sending == 0;
        let gives_up = is_waiting && !std::mem::take(&mut state.was_used);
        if gives_up {
            self.given_up.notify_one();
        }
        gives_up
    }

    /// Waits until it has to make room.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Activity, Duration, Overdue};
    use crate::config::{Config, Flags, Values};
    use crate::system::Stopwatch;

    #[test]
    fn what_a_connection_has_time_for() {
        let limits = Config::from_values(Values::only(&Flags::default())).unwrap().limits;
        let activity = Activity::new(Stopwatch::start());
        let time = || {
            let (deadline, why) = activity.deadline(&limits)?;
            Some((deadline.saturating_sub(activity.now()).as_secs_f64().round(), why))
        };
        assert_eq!(time(), Some((10.0, Overdue::Headers)), "it begins with a request");
        activity.bytes_arrive();
        activity.request_begins(false);
        activity.bytes_arrive();
        assert_eq!(time(), None, "a request has time limits of its own");
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
        let limits = Config::from_values(Values::only(&Flags::default())).unwrap().limits;
        let activity = Activity::new(Stopwatch::start());
        activity.request_begins(true);
        activity.request_begins(true);
        activity.answer_begins();
        assert_eq!(activity.deadline(&limits), None, "one is still worked on");
        activity.request_ends();
        assert!(matches!(activity.deadline(&limits), Some((_, Overdue::Answer))));
        activity.answer_ends();
        activity.bytes_arrive();
        assert!(matches!(activity.deadline(&limits), Some((_, Overdue::Idle))));
    }

    /// The next headers came while an answer was being sent, for long.
    #[test]
    fn headers_have_their_time_after_an_answer() {
        let mut limits = Config::from_values(Values::only(&Flags::default())).unwrap().limits;
        limits.header_timeout = Duration::from_millis(20);
        let activity = Activity::new(Stopwatch::start());
        activity.request_begins(false);
        activity.answer_begins();
        activity.bytes_arrive();
        std::thread::sleep(Duration::from_millis(25));
        activity.answer_ends();
        let (deadline, why) = activity.deadline(&limits).unwrap();
        assert!(why == Overdue::Headers && deadline >= Duration::from_millis(45), "{deadline:?}");
    }
}
