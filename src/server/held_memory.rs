//! The memory that is held for a connection: the bytes of unsent responses, and of unanswered requests.
//!
//! The bytes are counted because a client can keep the memory in use by doing nothing: over HTTP/2 with a window of 0
//! (RFC 9113 6.9.2), over HTTP/1.1 by not reading, and over both by not ending a body. Responses that a client does not
//! read in time are dropped: over HTTP/2 their streams are reset, over HTTP/1.1 the connection is closed.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::AbortHandle;

use super::limits::Limits;

/// Aborts the task of an HTTP/2 stream, which resets the stream (RST_STREAM). Set as soon as the task exists.
pub(super) type StreamHandle = Arc<OnceLock<AbortHandle>>;

/// A response younger than this counts a quarter when connections are compared. Its client has hardly had time to read
/// it, and clients that read their responses must not be reset because of clients that don't.
const YOUNG_AGE: Duration = Duration::from_millis(250);

/// Concurrent requests that a connection may always run beside another one, whatever the size of the responses.
const GUARANTEED_REQUESTS: usize = 4;

/// The unsent responses of a connection, or its unanswered requests.
#[derive(Debug, Default)]
pub(super) struct HeldMemory {
    entries: Vec<Option<HeldEntry>>,
    open: usize,
    bytes: usize,
    /// The expected size of a large response: the largest of this connection, decaying by an eighth with each response.
    expected: Option<usize>,
}

/// A response, or a request.
#[derive(Debug)]
struct HeldEntry {
    bytes: usize,
    started_at: Duration,
    /// When a part of the response was last handed to the operating system.
    progressed_at: Duration,
    /// `None` over HTTP/1.1, where only closing the connection ends a response.
    stream: Option<StreamHandle>,
    reset_at: Option<Duration>,
}

/// The outcome of dropping overdue responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stalled {
    /// This many streams were reset.
    StreamsReset(usize),
    /// The connection has to be closed.
    Connection,
}

impl HeldMemory {
    /// Adds a response or request of this size. Returns its index.
    pub(super) fn begin(&mut self, bytes: usize, now: Duration, stream: Option<StreamHandle>) -> usize {
        self.open += 1;
        self.bytes += bytes;
        self.expected = Some(self.expected.map_or(bytes, |expected| bytes.max(expected - expected / 8)));
        let entry = Some(HeldEntry { bytes, started_at: now, progressed_at: now, stream, reset_at: None });
        if let Some(free) = self.entries.iter().position(Option::is_none) {
            self.entries[free] = entry;
            return free;
        }
        self.entries.push(entry);
        self.entries.len() - 1
    }

    /// Adds bytes of a request's body. Returns false if the request has already ended.
    pub(super) fn grow(&mut self, request: usize, bytes: usize) -> bool {
        let Some(Some(request)) = self.entries.get_mut(request) else { return false };
        request.bytes += bytes;
        self.bytes += bytes;
        true
    }

    /// Records that a part of a response was handed to the operating system. The whole response still counts, because its
    /// memory is freed as a whole. Otherwise a client could hold a response without counting it by leaving its last byte
    /// unread.
    pub(super) fn record_progress(&mut self, entry: usize, now: Duration) {
        if let Some(Some(entry)) = self.entries.get_mut(entry) {
            entry.progressed_at = now;
        }
    }

    /// Removes a response or request. Returns the number of bytes that are freed.
    pub(super) fn end(&mut self, entry: usize) -> usize {
        let Some(ended) = self.entries.get_mut(entry).and_then(Option::take) else { return 0 };
        self.open -= 1;
        self.bytes -= ended.bytes;
        ended.bytes
    }

    /// Frees the memory of the list if nothing is held.
    pub(super) fn rest(&mut self) {
        if self.is_empty() {
            self.entries = Vec::new();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open == 0
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a further request may start beside this many others: whether their expected responses fit the budget. If
    /// nothing is unsent, a few requests may always run, however large the expected responses, so that one slow request
    /// does not block all others.
    pub(super) fn has_capacity(&self, others: usize, budget: usize) -> bool {
        let share = budget / GUARANTEED_REQUESTS;
        let expected = self.expected.map_or(share, |expected| expected.min(share)).saturating_mul(others);
        self.bytes.saturating_add(expected) <= budget
    }

    /// The memory that the connection holds, as a weight to compare connections by.
    pub(super) fn weight(&self, now: Duration) -> usize {
        let is_young = |entry: &HeldEntry| now.saturating_sub(entry.started_at) < YOUNG_AGE;
        let weight = |entry: &HeldEntry| if is_young(entry) { entry.bytes / 4 } else { entry.bytes };
        self.entries.iter().flatten().map(weight).sum()
    }

    /// The earliest deadline of a response. `flow_changed_at` is when writes to the connection were last blocked or
    /// unblocked: the time while the network was blocked does not count against a stream.
    pub(super) fn deadline(&self, flow_changed_at: Duration, limits: &Limits) -> Option<Duration> {
        self.entries.iter().flatten().map(|entry| entry.deadline(flow_changed_at, limits)).min()
    }

    /// Resets the streams of overdue responses.
    pub(super) fn reset_overdue(
        &mut self,
        now: Duration,
        flow_changed_at: Duration,
        limits: &Limits,
    ) -> Stalled {
        let mut reset = 0;
        for entry in self.entries.iter_mut().flatten() {
            if entry.deadline(flow_changed_at, limits) > now {
                continue;
            }
            match entry.stream.as_ref().and_then(|stream| stream.get()) {
                Some(task) if entry.reset_at.is_none() && !task.is_finished() => {
                    task.abort();
                    entry.reset_at = Some(now);
                    reset += 1;
                }
                // HTTP/1.1; or a small response that hyper already holds completely; or the reset can't be sent.
                _ => return Stalled::Connection,
            }
        }
        Stalled::StreamsReset(reset)
    }
}

impl HeldEntry {
    fn deadline(&self, flow_changed_at: Duration, limits: &Limits) -> Duration {
        if let Some(reset) = self.reset_at {
            return reset + limits.stall_timeout;
        }
        let send_deadline = self.started_at + limits.send_timeout;
        match self.stream {
            Some(_) => send_deadline.min(self.progressed_at.max(flow_changed_at) + limits.stall_timeout),
            None => send_deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HeldMemory, Stalled, StreamHandle};
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
    fn bytes_count_until_the_whole_response_is_sent() {
        let mut unsent = HeldMemory::default();
        let (one, two) = (unsent.begin(10, NOW, None), unsent.begin(20, NOW, None));
        unsent.record_progress(one, NOW);
        assert_eq!((unsent.bytes(), unsent.is_empty()), (30, false));
        assert!(unsent.grow(two, 5) && !unsent.grow(7, 5));
        assert_eq!((unsent.end(one), unsent.end(one)), (10, 0));
        let three = unsent.begin(0, NOW, None);
        assert_eq!((unsent.bytes(), three), (25, one), "a free index is used again");
        assert_eq!((unsent.end(two), unsent.end(three)), (25, 0));
        assert_eq!((unsent.bytes(), unsent.is_empty()), (0, true));
    }

    #[test]
    fn unsent_and_expected_responses_must_fit_the_budget() {
        let mut unsent = HeldMemory::default();
        assert!(unsent.has_capacity(4, 1000) && !unsent.has_capacity(5, 1000), "no response yet");
        let entry = unsent.begin(200, NOW, None);
        assert!(unsent.has_capacity(4, 1000) && !unsent.has_capacity(5, 1000));
        unsent.end(entry);
        assert!(unsent.has_capacity(5, 1000) && !unsent.has_capacity(6, 1000));
        let entry = unsent.begin(5000, NOW, None);
        assert!(!unsent.has_capacity(0, 1000));
        unsent.end(entry);
        assert!(unsent.has_capacity(4, 1000) && !unsent.has_capacity(5, 1000), "a few at a time");
        for _ in 0..50 {
            let small = unsent.begin(10, NOW, None);
            unsent.end(small);
        }
        assert!(unsent.has_capacity(50, 1000), "the large response no longer counts");
    }

    #[test]
    fn progress_extends_the_deadline_up_to_the_send_timeout() {
        let mut unsent = HeldMemory::default();
        assert_eq!(unsent.deadline(NOW, &limits()), None);
        let entry = unsent.begin(1000, NOW, Some(StreamHandle::default()));
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(5)));
        unsent.record_progress(entry, after(4));
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(9)));
        assert_eq!(unsent.deadline(after(6), &limits()), Some(after(11)), "the network was blocked");
        unsent.record_progress(entry, after(118));
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(120)));
        assert_eq!(unsent.reset_overdue(after(119), NOW, &limits()), Stalled::StreamsReset(0));
        assert_eq!(unsent.reset_overdue(after(120), NOW, &limits()), Stalled::Connection, "it has no task");
        let mut unsent = HeldMemory::default();
        unsent.begin(1000, NOW, None);
        assert_eq!(unsent.deadline(NOW, &limits()), Some(after(120)), "over HTTP/1.1");
    }

    #[test]
    fn young_responses_weigh_less() {
        let mut unsent = HeldMemory::default();
        unsent.begin(1000, NOW, None);
        assert_eq!(unsent.weight(NOW), 250);
        assert_eq!(unsent.weight(after(1)), 1000);
    }
}
