//! Bytes that are held for the requests of a connection: of answers that its client has not taken yet, and of bodies that
//! it has sent. They are counted because they are memory that a client can have held by doing nothing: over HTTP/2 by a
//! window of 0 (RFC 9113 6.9.2), over HTTP/1.1 by not reading, and over both by not ending a body.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::limits::Limits;

/// Ends the task of an HTTP/2 stream, and with it the stream (RST_STREAM); set as soon as the task exists.
pub(super) type StreamHandle = Arc<OnceLock<AbortHandle>>;

/// An answer younger than this counts a quarter when connections are compared: its client hardly had the time to take
/// it, and those that take their answers must not pay for those that don't.
const YOUNG: Duration = Duration::from_millis(250);

/// Requests of a connection that may be worked on at once, beside another one, whatever its answers are like.
const AT_ONCE: usize = 4;

/// The answers of one connection that are not sent yet, or its requests that are not answered.
#[derive(Debug, Default)]
pub(super) struct Held {
    entries: Vec<Option<Entry>>,
    open: usize,
    bytes: usize,
    /// The size of a large answer of this connection: the largest there was, forgotten little by little.
    expected: Option<usize>,
}

/// An answer, or a request.
#[derive(Debug)]
struct Entry {
    bytes: usize,
    began: Duration,
    /// When its client last took a part of it.
    taken: Duration,
    /// None over HTTP/1.1, where an answer ends with its connection.
    stream: Option<StreamHandle>,
    reset: Option<Duration>,
}

/// What has to be done about answers that are overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stalled {
    /// Nothing more: their streams were reset.
    StreamsReset(usize),
    /// The connection has to end.
    Connection,
}

impl Held {
    /// An answer of so many bytes. What is returned names it.
    pub(super) fn begin(&mut self, bytes: usize, now: Duration, stream: Option<StreamHandle>) -> usize {
        self.open += 1;
        self.bytes += bytes;
        self.expected = Some(self.expected.map_or(bytes, |expected| bytes.max(expected - expected / 8)));
        let answer = Some(Entry { bytes, began: now, taken: now, stream, reset: None });
        if let Some(free) = self.entries.iter().position(Option::is_none) {
            self.entries[free] = answer;
            return free;
        }
        self.entries.push(answer);
        self.entries.len() - 1
    }

    /// More of a body has come. False when its request has ended already.
    pub(super) fn grow(&mut self, request: usize, bytes: usize) -> bool {
        let Some(Some(request)) = self.entries.get_mut(request) else { return false };
        request.bytes += bytes;
        self.bytes += bytes;
        true
    }

    /// The client took some of it. All of it still counts: the memory is given back as a whole, and else a client that
    /// leaves the last byte of everything would hold all of it for nothing.
    pub(super) fn take(&mut self, answer: usize, now: Duration) {
        if let Some(Some(answer)) = self.entries.get_mut(answer) {
            answer.taken = now;
        }
    }

    /// All of it is sent, or given up. So many bytes count no longer.
    pub(super) fn end(&mut self, answer: usize) -> usize {
        let Some(ended) = self.entries.get_mut(answer).and_then(Option::take) else { return 0 };
        self.open -= 1;
        self.bytes -= ended.bytes;
        ended.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open == 0
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one more request may be worked on, beside so many: whether there is room for all their answers. As long
    /// as nothing is unsent, a few at a time may be, however large the answers or before any is known: one that takes
    /// long should not keep all others waiting.
    pub(super) fn has_room(&self, beside: usize, budget: usize) -> bool {
        let few = budget / AT_ONCE;
        let expected = self.expected.map_or(few, |expected| expected.min(few)).saturating_mul(beside);
        self.bytes.saturating_add(expected) <= budget
    }

    /// How much the connection holds, to compare it with others.
    pub(super) fn weight(&self, now: Duration) -> usize {
        let is_young = |answer: &Entry| now.saturating_sub(answer.began) < YOUNG;
        let weight = |answer: &Entry| if is_young(answer) { answer.bytes / 4 } else { answer.bytes };
        self.entries.iter().flatten().map(weight).sum()
    }

    /// Until when the first of them has time. `moved` is when the connection as a whole last went on after the network
    /// had held it up: that is no fault of a stream.
    pub(super) fn deadline(&self, moved: Duration, limits: &Limits) -> Option<Duration> {
        self.entries.iter().flatten().map(|answer| answer.deadline(moved, limits)).min()
    }

    /// Resets the streams of answers that are overdue.
    pub(super) fn reset_overdue(&mut self, now: Duration, moved: Duration, limits: &Limits) -> Stalled {
        let mut reset = 0;
        for answer in self.entries.iter_mut().flatten() {
            if answer.deadline(moved, limits) > now {
                continue;
            }
            match answer.stream.as_ref().and_then(|stream| stream.get()) {
                Some(task) if answer.reset.is_none() && !task.is_finished() => {
                    task.abort();
                    answer.reset = Some(now);
                    reset += 1;
                }
                // Over HTTP/1.1; or all of a small answer is in the hands of the protocol; or the reset can't be sent.
                _ => return Stalled::Connection,
            }
        }
        Stalled::StreamsReset(reset)
    }
}

impl Entry {
    fn deadline(&self, moved: Duration, limits: &Limits) -> Duration {
        if let Some(reset) = self.reset {
            return reset + limits.stall_timeout;
        }
        let all_of_it = self.began + limits.send_timeout;
        match self.stream {
            Some(_) => all_of_it.min(self.taken.max(moved) + limits.stall_timeout),
            None => all_of_it,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Stalled, StreamHandle};
    use crate::server::limits::Limits;
    use std::time::Duration;

    const NOW: Duration = Duration::from_secs(100);

    fn limits() -> Limits {
        Limits::example()
    }

    fn after(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn bytes_count_until_the_last_is_taken() {
        let mut unsent = Held::default();
        let (one, two) = (unsent.begin(10, NOW, None), unsent.begin(20, NOW, None));
        unsent.take(one, NOW);
        assert_eq!((unsent.bytes(), unsent.is_empty()), (30, false));
        assert!(unsent.grow(two, 5) && !unsent.grow(7, 5));
        assert_eq!((unsent.end(one), unsent.end(one)), (10, 0));
        let three = unsent.begin(0, NOW, None);
        assert_eq!((unsent.bytes(), three), (25, one), "its place is used again");
        assert_eq!((unsent.end(two), unsent.end(three)), (25, 0));
        assert_eq!((unsent.bytes(), unsent.is_empty()), (0, true));
    }

    #[test]
    fn there_is_room_beside_what_is_unsent_and_what_is_expected() {
        let mut unsent = Held::default();
        assert!(unsent.has_room(4, 1000) && !unsent.has_room(5, 1000), "nothing is known yet");
        let answer = unsent.begin(200, NOW, None);
        assert!(unsent.has_room(4, 1000) && !unsent.has_room(5, 1000));
        unsent.end(answer);
        assert!(unsent.has_room(5, 1000) && !unsent.has_room(6, 1000));
        let answer = unsent.begin(5000, NOW, None);
        assert!(!unsent.has_room(0, 1000));
        unsent.end(answer);
        assert!(unsent.has_room(4, 1000) && !unsent.has_room(5, 1000), "a few at a time");
        for _ in 0..50 {
            let small = unsent.begin(10, NOW, None);
            unsent.end(small);
        }
        assert!(unsent.has_room(50, 1000), "that there was a large one is forgotten");
    }

    #[test]
    fn an_answer_has_time_as_long_as_it_is_taken_and_not_for_ever() {
        let mut unsent = Held::default();
        assert_eq!(unsent.deadline(NOW, &limits()), None);
        let answer = unsent.begin(1000, NOW, Some(StreamHandle::default()));
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(5)));
        unsent.take(answer, after(4));
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(9)));
        assert_eq!(unsent.deadline(after(6), &limits()), Some(after(11)), "the network was in the way");
        unsent.take(answer, after(118));
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(120)));
        assert_eq!(unsent.reset_overdue(after(119), NOW, &limits()), Stalled::StreamsReset(0));
        assert_eq!(unsent.reset_overdue(after(120), NOW, &limits()), Stalled::Connection, "it has no task");
        let mut unsent = Held::default();
        unsent.begin(1000, NOW, None);
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(120)), "over HTTP/1.1");
    }

    #[test]
    fn those_that_had_no_time_yet_weigh_less() {
        let mut unsent = Held::default();
        unsent.begin(1000, NOW, None);
        assert_eq!(unsent.weight(NOW), 250);
        assert_eq!(unsent.weight(after(1)), 1000);
    }
}
