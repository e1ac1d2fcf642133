//! The limit of open connections, and the eviction of connections when a limit is exceeded.
//!
//! At the limit, an idle connection is closed for the new one. The victim is found with the clock algorithm (as for pages
//! of memory): connections are tried in turn, and the first one that is idle and has had no request since its last turn is
//! closed. That is approximately the longest-idle connection, without the cost of reordering a list at every request. So
//! connections that are opened and left alone evict each other, and connections in use stay. If no connection can be
//! closed, the new one is refused.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use super::connection_state::{ConnectionState, MemoryKind};

/// Connections that are tried at most to admit a new one.
const MAX_EVICTION_ATTEMPTS: usize = 128;
/// The minimum interval between two equal warnings.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    table: Mutex<Table>,
    is_draining: AtomicBool,
}

#[derive(Debug, Default)]
struct Table {
    open: usize,
    /// The connections in the order of their turns. Some are already closed.
    order: VecDeque<Weak<ConnectionState>>,
    limit_warned_at: Option<Duration>,
    resets_warned_at: Option<Duration>,
}

/// One of the limited number of open connections. Dropping it frees the slot.
#[derive(Debug)]
pub(super) struct ConnectionSlot(Arc<Connections>);

impl Connections {
    pub(super) fn new(max: usize) -> Self {
        Self { max, table: Mutex::default(), is_draining: AtomicBool::new(false) }
    }

    /// Admits a connection, at the limit by evicting an idle one. `None` if all connections are busy.
    pub(super) fn admit(self: &Arc<Self>, connection_state: &Arc<ConnectionState>) -> Option<ConnectionSlot> {
        let mut table = self.table();
        if table.open >= self.max {
            let made_room = table.evict_idle();
            let now = connection_state.now();
            if is_warning_due(table.limit_warned_at, now) {
                table.limit_warned_at = Some(now);
                let limit = self.max;
                tracing::warn!(limit, made_room, "too many connections (PATRON_CONNECTIONS)");
            }
            if !made_room {
                return None;
            }
        }
        if self.is_draining() {
            connection_state.drain();
        }
        table.open += 1;
        table.order.push_back(Arc::downgrade(connection_state));
        if table.order.len() > 2 * self.max + MAX_EVICTION_ATTEMPTS {
            table.order.retain(|entry| entry.strong_count() > 0);
        }
        Some(ConnectionSlot(Arc::clone(self)))
    }

    /// If all connections together hold more memory of this kind than `budget`, resets those that hold the most, until the
    /// memory is an eighth below the budget. The margin amortizes the scan of all connections over many requests. Returns
    /// the number of connections that were reset.
    pub(super) fn reset_heaviest(&self, kind: MemoryKind, budget: usize) -> usize {
        let mut held: Vec<_> = {
            let table = self.table();
            let open = table.order.iter().filter_map(Weak::upgrade);
            open.filter_map(|connection_state| Some((connection_state.held_memory(kind)?, connection_state)))
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
        self.warn_of_resets(now, kind, budget, reset);
        reset
    }

    fn warn_of_resets(&self, now: Duration, kind: MemoryKind, limit: usize, reset: usize) {
        let mut table = self.table();
        if is_warning_due(table.resets_warned_at, now) {
            table.resets_warned_at = Some(now);
            match kind {
                MemoryKind::Responses => {
                    tracing::warn!(limit, reset, "too many bytes of unsent responses (PATRON_UNSENT_BYTES)");
                }
                MemoryKind::Requests => {
                    tracing::warn!(
                        limit,
                        reset,
                        "too many bytes of unanswered requests (PATRON_RECEIVED_BYTES)"
                    );
                }
            }
        }
    }

    /// Begins to drain: open and later connections serve requests, and clients move further ones to other connections.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
        for connection_state in self.table().order.iter().filter_map(Weak::upgrade) {
            connection_state.drain();
        }
    }

    /// Whether the server drains.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Signals all connections to shut down after their running requests.
    pub(super) fn stop(&self) {
        for connection_state in self.table().order.iter().filter_map(Weak::upgrade) {
            connection_state.stop();
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock()
    }
}

/// Whether a warning was last logged long enough ago.
fn is_warning_due(warned_at: Option<Duration>, now: Duration) -> bool {
    warned_at.is_none_or(|warned_at| now.saturating_sub(warned_at) >= WARNING_INTERVAL)
}

impl Table {
    fn evict_idle(&mut self) -> bool {
        // Two rounds: the first one spares the connections that had a request since their last turn.
        for _ in 0..MAX_EVICTION_ATTEMPTS.min(2 * self.order.len()) {
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

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.0.table().open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection_state::Action;
    use super::{ConnectionState, Connections};
    use crate::clock::Timer;
    use crate::server::limits::Limits;
    use crate::server::metrics::ServerMetrics;
    use std::sync::Arc;
    use std::task::{Context, Waker};

    fn open(connections: &Arc<Connections>) -> Option<(Arc<ConnectionState>, super::ConnectionSlot)> {
        let connection_state = Arc::new(ConnectionState::new(Timer::start(), &ServerMetrics::default()));
        let slot = connections.admit(&connection_state)?;
        Some((connection_state, slot))
    }

    /// Starts a request and ends it.
    fn run_request(connection_state: &ConnectionState) {
        let request = connection_state.request_started(false, 1);
        connection_state.request_abandoned(request, false);
    }

    fn is_evicted(connection_state: &ConnectionState) -> bool {
        connection_state.next_action(&Context::from_waker(Waker::noop()), &Limits::example()) == Action::Close
    }

    #[test]
    fn idle_connections_are_evicted_in_turn_and_used_ones_last() {
        let connections = Arc::new(Connections::new(3));
        let (used, _used) = open(&connections).unwrap();
        let (busy, _busy) = open(&connections).unwrap();
        let (quiet, slot) = open(&connections).unwrap();
        run_request(&used);
        busy.request_started(false, 1);
        assert!(
            open(&connections).is_some() && is_evicted(&quiet),
            "the connection without a request is evicted"
        );
        drop(slot);
        let (reopened, slot) = open(&connections).unwrap();
        assert!(!is_evicted(&used) && !is_evicted(&busy), "below the limit no connection is evicted");
        run_request(&used);
        assert!(open(&connections).is_some() && is_evicted(&reopened), "the other connection was used again");
        drop(slot);
        let (last, _last) = open(&connections).unwrap();
        last.request_started(false, 1);
        assert!(open(&connections).is_some() && is_evicted(&used), "without a further request it is evicted");
    }

    #[test]
    fn busy_connections_are_not_evicted() {
        let connections = Arc::new(Connections::new(2));
        let held: Vec<_> = (0..2).map(|_| open(&connections).unwrap()).collect();
        let requests: Vec<_> =
            held.iter().map(|(connection_state, _)| connection_state.request_started(false, 1)).collect();
        assert!(open(&connections).is_none());
        assert!(held[1].0.try_start(1));
        let response = held[1].0.response_started(requests[1], 1, None);
        assert!(open(&connections).is_none(), "its response is not sent yet");
        held[1].0.response_finished(response);
        assert!(open(&connections).is_some());
    }

    #[test]
    fn closed_connections_are_removed() {
        let connections = Arc::new(Connections::new(2));
        for _ in 0..10_000 {
            open(&connections).unwrap();
        }
        let table = connections.table();
        assert!(
            table.open == 0 && table.order.len() <= 2 * 2 + super::MAX_EVICTION_ATTEMPTS,
            "{}",
            table.order.len()
        );
    }
}
