//! How many connections are open, and which of them makes room when there are too many.
//!
//! They are asked in turn, and one makes room that waits for a request and had none since it was last asked: about the
//! one that has waited longest, without their order being kept with every request ("clock", as of pages of memory).
//! So connections that are opened and left alone, however many, close each other, and one on which requests come stays.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::connection_state::{ConnectionState, What};

/// How many are asked for room at most, for one that wants in.
const MOST_ASKED: usize = 128;
/// How often is told at most that there are too many.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    open: usize,
    /// In the order in which they are asked for room; some are closed already.
    order: VecDeque<Weak<ConnectionState>>,
    told: Option<Duration>,
    told_of_resets: Option<Duration>,
}

/// A connection's place among the open ones.
#[derive(Debug)]
pub(super) struct Place(Arc<Connections>);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { most, table: Mutex::default() }
    }

    /// Lets a connection in, one of the others making room if need be. None when all are busy.
    pub(super) fn admit(self: &Arc<Self>, connection_state: &Arc<ConnectionState>) -> Option<Place> {
        let mut table = self.table();
        if table.open >= self.most {
            let made_room = table.evict_idle();
            if table.told.is_none_or(|told| connection_state.now().saturating_sub(told) >= TOLD_EVERY) {
                table.told = Some(connection_state.now());
                let limit = self.most;
                tracing::warn!(limit, made_room, "too many connections (PATRON_CONNECTIONS)");
            }
            if !made_room {
                return None;
            }
        }
        table.open += 1;
        table.order.push_back(Arc::downgrade(connection_state));
        if table.order.len() > 2 * self.most + MOST_ASKED {
            table.order.retain(|entry| entry.strong_count() > 0);
        }
        Some(Place(Arc::clone(self)))
    }

    /// Resets connections, those first that the most is held for, when it is more than this together, until it is an
    /// eighth less: so that each look at all of them is good for many requests. How many were reset.
    pub(super) fn reset_heaviest(&self, what: What, budget: usize) -> usize {
        let mut held: Vec<_> = {
            let table = self.table();
            let open = table.order.iter().filter_map(Weak::upgrade);
            open.filter_map(|connection_state| Some((connection_state.holds(what)?, connection_state)))
                .collect()
        };
        let mut bytes: usize = held.iter().map(|((_, bytes), _)| bytes).sum();
        if bytes <= budget {
            return 0;
        }
        held.sort_unstable_by_key(|((weight, _), _)| Reverse(*weight));
        let mut reset = 0;
        let now = held.first().map_or(Duration::ZERO, |(_, connection_state)| connection_state.now());
        for ((_, freed), connection_state) in held {
            if bytes <= budget - budget / 8 {
                break;
            }
            connection_state.reset();
            bytes -= freed;
            reset += 1;
        }
        self.warn_of_resets(now, what, budget, reset);
        reset
    }

    fn warn_of_resets(&self, now: Duration, what: What, limit: usize, reset: usize) {
        let mut table = self.table();
        if table.told_of_resets.is_none_or(|told| now.saturating_sub(told) >= TOLD_EVERY) {
            table.told_of_resets = Some(now);
            match what {
                What::Answers => {
                    tracing::warn!(
                        limit,
                        reset,
                        "too many answers that clients don't take (PATRON_UNSENT_BYTES)"
                    );
                }
                What::Requests => {
                    tracing::warn!(
                        limit,
                        reset,
                        "too many requests at once, or bodies that do not end (PATRON_RECEIVED_BYTES)"
                    );
                }
            }
        }
    }

    /// Asks all to end after what is running.
    pub(super) fn stop(&self) {
        for connection_state in self.table().order.iter().filter_map(Weak::upgrade) {
            connection_state.stop();
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn evict_idle(&mut self) -> bool {
        // Twice round: the first time each that was used is let off.
        for _ in 0..MOST_ASKED.min(2 * self.order.len()) {
            let Some(entry) = self.order.pop_front() else { return false };
            match entry.upgrade() {
                Some(connection_state) if connection_state.evict_idle() => return true,
                Some(_) => self.order.push_back(entry),
                None => {}
            }
        }
        false
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.table().open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection_state::Next;
    use super::{ConnectionState, Connections};
    use crate::clock::Timer;
    use crate::server::limits::Limits;
    use crate::server::meters::Meters;
    use std::sync::Arc;
    use std::task::{Context, Waker};

    fn open(connections: &Arc<Connections>) -> Option<(Arc<ConnectionState>, super::Place)> {
        let connection_state = Arc::new(ConnectionState::new(Timer::start(), &Meters::default()));
        let place = connections.admit(&connection_state)?;
        Some((connection_state, place))
    }

    /// A request comes and ends.
    fn use_it(connection_state: &ConnectionState) {
        let request = connection_state.request_begins(false, 1);
        connection_state.request_ends(request, false);
    }

    fn makes_room(connection_state: &ConnectionState) -> bool {
        connection_state.next(&Context::from_waker(Waker::noop()), &Limits::example()) == Next::End
    }

    #[test]
    fn those_that_wait_make_room_in_turn_and_the_used_ones_last() {
        let connections = Arc::new(Connections::new(3));
        let (used, _used) = open(&connections).unwrap();
        let (busy, _busy) = open(&connections).unwrap();
        let (quiet, place) = open(&connections).unwrap();
        use_it(&used);
        busy.request_begins(false, 1);
        assert!(open(&connections).is_some() && makes_room(&quiet), "the one that had no request");
        drop(place);
        let (again, place) = open(&connections).unwrap();
        assert!(!makes_room(&used) && !makes_room(&busy), "there was room");
        use_it(&used);
        assert!(open(&connections).is_some() && makes_room(&again), "the other was used once more");
        drop(place);
        let (last, _last) = open(&connections).unwrap();
        last.request_begins(false, 1);
        assert!(open(&connections).is_some() && makes_room(&used), "no longer");
    }

    #[test]
    fn busy_ones_stay() {
        let connections = Arc::new(Connections::new(2));
        let held: Vec<_> = (0..2).map(|_| open(&connections).unwrap()).collect();
        let requests: Vec<_> =
            held.iter().map(|(connection_state, _)| connection_state.request_begins(false, 1)).collect();
        assert!(open(&connections).is_none());
        assert!(held[1].0.takes_room(1));
        let answer = held[1].0.answer_begins(requests[1], 1, None);
        assert!(open(&connections).is_none(), "its answer is not sent yet");
        held[1].0.answer_ends(answer);
        assert!(open(&connections).is_some());
    }

    #[test]
    fn closed_ones_are_forgotten() {
        let connections = Arc::new(Connections::new(2));
        for _ in 0..10_000 {
            open(&connections).unwrap();
        }
        let table = connections.table();
        assert!(table.open == 0 && table.order.len() <= 2 * 2 + super::MOST_ASKED, "{}", table.order.len());
    }
}
