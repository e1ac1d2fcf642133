//! The hashes that wait for a thread: fair between network addresses, and bounded in number and in memory.
//!
//! Each address has its own lane, and lanes take turns (round robin), so that a caller waits for one hash of each other
//! address and not for all of one. An entry leaves the queue at once when its caller is gone.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::threads::Memory;
use crate::telemetry::metrics::{HashingMetrics, Waiting};
use crate::types::rate_limit_key;

/// Callers of one lane wait for each other; lanes take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The program itself: a command, a job, an import. It has no share: it never asks for many at once.
    System,
    /// A network address; of IPv6, a /64.
    Address(IpAddr),
}

impl Lane {
    /// The lane of a caller from this address; none means that it is the program itself.
    pub fn of(address: Option<IpAddr>) -> Self {
        address.map_or(Self::System, |address| Self::Address(rate_limit_key(address)))
    }
}

/// What is called with a thread's memory when it is computed, and with none when it lost its place to another address.
pub(super) type Job = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

/// What the queue takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Hashes that wait and are computed.
    pub(super) most: usize,
    /// Hashes of one address that wait.
    pub(super) per_address: usize,
    /// Memory for hashes that need more than those that are made, beyond what each thread keeps, in KiB.
    pub(super) spare_kib: u64,
}

/// Why a hash is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too many of the same address wait.
    Share,
    /// Too many wait, of addresses with no more than this one.
    Full,
}

/// See the module.
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<QueueState>,
    /// Wakes threads when there may be something to compute.
    work: Condvar,
    pub(super) metrics: HashingMetrics,
}

struct QueueState {
    /// None of them is empty.
    lanes: HashMap<Lane, VecDeque<Entry>>,
    /// The lanes, in the order of their turns.
    turns: VecDeque<Lane>,
    waiting: usize,
    running: usize,
    spare_kib: u64,
    next_id: u64,
    is_closed: bool,
}

struct Entry {
    /// Rises within a lane.
    id: u64,
    /// Memory that it needs beyond what its thread keeps.
    extra_kib: u64,
    job: Job,
}

/// What a thread is to do next.
pub(super) enum Next {
    Work(Running),
    /// There was nothing to do for as long as it asked.
    Rest,
    End,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        let state = QueueState {
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            waiting: 0,
            running: 0,
            spare_kib: limits.spare_kib,
            next_id: 0,
            is_closed: false,
        };
        let (state, work) = (Mutex::new(state), Condvar::new());
        Self { limits, state, work, metrics: HashingMetrics::default() }
    }

    /// Puts a job at the end of its lane, where it stays until it is taken or the ticket is dropped. A full queue takes
    /// it when another address has more waiting, whose last job loses its place.
    pub(super) fn push(self: &Arc<Self>, lane: Lane, extra_kib: u64, job: Job) -> Result<Ticket, Refused> {
        let (id, evicted) = {
            let mut state = self.state();
            let own = state.lanes.get(&lane).map_or(0, VecDeque::len);
            if lane != Lane::System && own >= self.limits.per_address {
                return Err(Refused::Share);
            }
            let is_full = state.waiting + state.running >= self.limits.most;
            let evicted = if is_full { Some(state.evict(own).ok_or(Refused::Full)?) } else { None };
            (state.push(lane, extra_kib, job), evicted)
        };
        self.work.notify_one();
        if let Some(entry) = evicted {
            (entry.job)(None);
        }
        Ok(Ticket { queue: Arc::clone(self), lane, id })
    }

    /// What a thread does next; without anything to do it waits, and no longer than `rest`.
    pub(super) fn next(self: &Arc<Self>, rest: Option<Duration>) -> Next {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return Next::End;
            }
            if let Some(Entry { extra_kib, job, .. }) = state.take() {
                return Next::Work(Running { held: Held { queue: Arc::clone(self), extra_kib }, job });
            }
            state = match rest {
                None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(rest) => {
                    let waited = self.work.wait_timeout(state, rest);
                    let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && state.turns.is_empty() {
                        return Next::Rest;
                    }
                    state
                }
            };
        }
    }

    /// How long it is.
    pub(super) fn length(&self) -> Waiting {
        let state = self.state();
        Waiting { waiting: state.waiting, running: state.running, most: self.limits.most }
    }

    /// Ends the threads, each after what it computes.
    pub(super) fn close(&self) {
        let lanes = {
            let mut state = self.state();
            state.is_closed = true;
            state.turns.clear();
            state.waiting = 0;
            std::mem::take(&mut state.lanes)
        };
        self.work.notify_all();
        // Each holds the queue.
        drop(lanes);
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn push(&mut self, lane: Lane, extra_kib: u64, job: Job) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let entries = self.lanes.entry(lane).or_default();
        if entries.is_empty() {
            self.turns.push_back(lane);
        }
        entries.push_back(Entry { id, extra_kib, job });
        self.waiting += 1;
        id
    }

    /// The next whose turn it is. It waits for its memory, and the others for it: those that need little, one after the
    /// other, would keep it waiting for good.
    fn take(&mut self) -> Option<Entry> {
        let lane = *self.turns.front()?;
        let first = self.lanes.get(&lane)?.front()?;
        if first.extra_kib > self.spare_kib {
            return None;
        }
        self.turns.rotate_left(1);
        let entry = self.remove(lane, 0)?;
        self.spare_kib -= entry.extra_kib;
        self.running += 1;
        Some(entry)
    }

    /// The last of the longest lane, if that has more than another lane will have with a further one.
    fn evict(&mut self, than: usize) -> Option<Entry> {
        let addresses = self.lanes.iter().filter(|(lane, _)| **lane != Lane::System);
        let (lane, length) =
            addresses.map(|(lane, entries)| (*lane, entries.len())).max_by_key(|(_, length)| *length)?;
        if length > than + 1 { self.remove(lane, length - 1) } else { None }
    }

    fn remove(&mut self, lane: Lane, at: usize) -> Option<Entry> {
        let entries = self.lanes.get_mut(&lane)?;
        let entry = entries.remove(at)?;
        self.waiting -= 1;
        if entries.is_empty() {
            self.lanes.remove(&lane);
            self.turns.retain(|turn| *turn != lane);
        }
        Some(entry)
    }
}

/// A job's place in the queue, kept by its caller: dropped, the job is removed.
pub(super) struct Ticket {
    queue: Arc<Queue>,
    lane: Lane,
    id: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let removed = {
            let mut state = self.queue.state();
            let at =
                state.lanes.get(&self.lane).map(|lane| lane.binary_search_by_key(&self.id, |entry| entry.id));
            let Some(Ok(at)) = at else { return };
            state.remove(self.lane, at)
        };
        if removed.is_some() {
            self.queue.metrics.abandoned();
            // It may have been one that waited for memory, and others behind it.
            self.queue.work.notify_all();
        }
    }
}

/// A job that was taken.
pub(super) struct Running {
    held: Held,
    job: Job,
}

impl Running {
    pub(super) fn run(self, memory: &mut Memory) {
        // Given back also when the job panics.
        let _held = self.held;
        (self.job)(Some(memory));
    }
}

/// What a running job takes up.
struct Held {
    queue: Arc<Queue>,
    extra_kib: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.running -= 1;
        state.spare_kib += self.extra_kib;
        drop(state);
        if self.extra_kib > 0 {
            self.queue.work.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Lane, Limits, Next, Queue, Refused, Ticket};
    use crate::crypto::password_hasher::threads::Memory;
    use std::sync::Mutex;

    const LIMITS: Limits = Limits { most: 8, per_address: 4, spare_kib: 100 };

    /// What became of jobs, by name.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Log {
        fn push(
            &self,
            queue: &Arc<Queue>,
            lane: Lane,
            extra_kib: u64,
            name: &str,
        ) -> Result<Ticket, Refused> {
            let (log, name) = (self.clone(), name.to_owned());
            let job = move |memory: Option<&mut Memory>| {
                let outcome = if memory.is_some() { name } else { format!("no {name}") };
                log.0.lock().unwrap().push(outcome);
            };
            queue.push(lane, extra_kib, Box::new(job))
        }

        fn taken(&self) -> String {
            std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
        }
    }

    fn address(number: u8) -> Lane {
        Lane::of(Some([192, 0, 2, number].into()))
    }

    /// Computes the next; none when it would wait.
    fn next(queue: &Arc<Queue>) -> Option<super::Running> {
        let entry = queue.state().take()?;
        Some(super::Running {
            held: super::Held { queue: Arc::clone(queue), extra_kib: entry.extra_kib },
            job: entry.job,
        })
    }

    fn run_all(queue: &Arc<Queue>) {
        while let Some(running) = next(queue) {
            running.run(&mut Memory::default());
        }
    }

    #[test]
    fn lanes_take_turns() {
        let (queue, log) = (Arc::new(Queue::new(LIMITS)), Log::default());
        let ipv6 = |text: &str| Lane::of(Some(text.parse().unwrap()));
        let _tickets = [
            log.push(&queue, address(1), 0, "a1").unwrap(),
            log.push(&queue, address(1), 0, "a2").unwrap(),
            log.push(&queue, address(1), 0, "a3").unwrap(),
            log.push(&queue, Lane::of(None), 0, "s1").unwrap(),
            log.push(&queue, ipv6("2001:db8::1"), 0, "b1").unwrap(),
            log.push(&queue, ipv6("2001:db8::2"), 0, "b2").unwrap(),
        ];
        next(&queue).unwrap().run(&mut Memory::default());
        let _late = log.push(&queue, address(2), 0, "c1").unwrap();
        run_all(&queue);
        assert_eq!(log.taken(), "a1 s1 b1 a2 c1 b2 a3");
    }

    #[test]
    fn an_address_has_a_share_and_the_program_none() {
        let (queue, log) = (Arc::new(Queue::new(Limits { most: 20, ..LIMITS })), Log::default());
        let mut tickets: Vec<_> = (0..4).map(|_| log.push(&queue, address(1), 0, "a").unwrap()).collect();
        assert_eq!(log.push(&queue, address(1), 0, "a").err(), Some(Refused::Share));
        tickets.extend((0..6).map(|_| log.push(&queue, Lane::System, 0, "s").unwrap()));
        tickets.push(log.push(&queue, address(2), 0, "b").unwrap());
        assert_eq!(queue.length().waiting, 11);
        run_all(&queue);
        assert!(log.push(&queue, address(1), 0, "a").is_ok());
    }

    #[test]
    fn a_full_queue_takes_from_who_has_most() {
        let (queue, log) = (Arc::new(Queue::new(LIMITS)), Log::default());
        let names = ["1", "2", "3", "4"];
        let of = |number: u8| {
            names.map(|name| log.push(&queue, address(number), 0, &format!("{number}.{name}")).unwrap())
        };
        let (first, second) = (of(1), of(2));
        let newcomers: Vec<_> =
            (3..7).map(|number| log.push(&queue, address(number), 0, &number.to_string())).collect();
        assert!(newcomers.iter().all(Result::is_ok), "each takes a place of an address with more");
        assert_eq!(log.taken().split(' ').filter(|name| name.contains('.')).count(), 4);
        assert_eq!(queue.length().waiting, 8);
        // 1 and 2 have two each: a second of another is not worth less than theirs.
        assert_eq!(log.push(&queue, address(3), 0, "3.2").err(), Some(Refused::Full));
        drop((first, second));
        assert_eq!(queue.length().waiting, 4);
    }

    #[test]
    fn what_nobody_waits_for_is_not_computed() {
        let (queue, log) = (Arc::new(Queue::new(LIMITS)), Log::default());
        let kept = log.push(&queue, address(1), 0, "kept").unwrap();
        let gone: Vec<_> = (0..3).map(|_| log.push(&queue, address(1), 0, "gone").unwrap()).collect();
        let other = log.push(&queue, address(2), 0, "other").unwrap();
        drop(gone);
        assert_eq!(queue.length().waiting, 2);
        run_all(&queue);
        assert_eq!(log.taken(), "kept other");
        drop((kept, other));
        assert_eq!((queue.length().waiting, queue.length().running), (0, 0));
        assert!(queue.state().turns.is_empty() && queue.state().lanes.is_empty());
    }

    #[test]
    fn memory_is_waited_for() {
        let (queue, log) = (Arc::new(Queue::new(LIMITS)), Log::default());
        let tickets = [
            log.push(&queue, address(1), 60, "a").unwrap(),
            log.push(&queue, address(2), 40, "b").unwrap(),
            log.push(&queue, address(3), 50, "c").unwrap(),
            log.push(&queue, address(4), 0, "d").unwrap(),
        ];
        let (a, b) = (next(&queue).unwrap(), next(&queue).unwrap());
        assert_eq!(queue.length().running, 2);
        assert!(next(&queue).is_none(), "there is no memory for c, and d does not overtake it");
        b.run(&mut Memory::default());
        assert!(next(&queue).is_none());
        a.run(&mut Memory::default());
        run_all(&queue);
        assert_eq!(log.taken(), "b a c d");
        assert_eq!(queue.state().spare_kib, 100);
        drop(tickets);
    }

    /// One whose caller is gone keeps nobody waiting who waits behind it.
    #[test]
    fn a_thread_wakes_when_the_first_is_gone() {
        let (queue, log) = (Arc::new(Queue::new(LIMITS)), Log::default());
        let _big = log.push(&queue, address(1), 100, "big").unwrap();
        let running = next(&queue).unwrap();
        let gone = log.push(&queue, address(2), 100, "gone").unwrap();
        let _small = log.push(&queue, address(3), 0, "small").unwrap();
        let thread = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || match queue.next(None) {
                Next::Work(running) => running.run(&mut Memory::default()),
                Next::Rest | Next::End => panic!("there is work"),
            })
        };
        drop(gone);
        thread.join().unwrap();
        assert_eq!(log.taken(), "small");
        running.run(&mut Memory::default());
        queue.close();
        assert!(matches!(queue.next(None), Next::End));
    }

    #[test]
    fn a_panic_gives_everything_back() {
        let queue = Arc::new(Queue::new(LIMITS));
        let _ticket = queue.push(address(1), 100, Box::new(|_| panic!("on purpose"))).unwrap();
        let running = next(&queue).unwrap();
        let run = std::panic::AssertUnwindSafe(|| running.run(&mut Memory::default()));
        assert!(std::panic::catch_unwind(run).is_err());
        assert_eq!((queue.length().running, queue.state().spare_kib), (0, 100));
    }
}
