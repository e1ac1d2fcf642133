//! The queue of password hashes: fair between network addresses, and bounded in length and memory.
//!
//! Each address has its own lane. Threads serve the lanes round robin, so that a caller waits for one job of each other
//! address instead of all jobs of one address. A full queue evicts the last job of the longest lane, if that lane is at
//! least two jobs longer than the lane of the new job. Otherwise it refuses the new job. A job whose caller hangs up is
//! removed at once.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::memory::Memory;
use crate::telemetry::metrics::{HashingMetrics, QueueLength};
use crate::types::rate_limit_key;

/// The lane of a caller. Jobs of one lane run in order; lanes are served round robin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The program itself: a command, a job, an import. It has no limit, because it never queues many jobs.
    System,
    /// A network address; of IPv6, a /64.
    Address(IpAddr),
}

impl Lane {
    /// The lane of a caller from this address. `None` stands for the program itself.
    pub fn of(address: Option<IpAddr>) -> Self {
        address.map_or(Self::System, |address| Self::Address(rate_limit_key(address)))
    }
}

/// A job. It is called with a thread's memory to run, or with `None` when it was evicted.
pub(super) type Job = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

/// The limits of the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueLimits {
    /// Waiting and running jobs.
    pub(super) max: usize,
    /// Waiting jobs of one address.
    pub(super) per_address: usize,
    /// Shared memory for stored hashes that need more than a thread's own memory, in KiB.
    pub(super) spare_kib: u64,
}

/// Why a job is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many jobs of the same address are waiting.
    Address,
    /// The queue is full, and no job of another address may be evicted.
    QueueFull,
}

/// A bounded queue with one lane for each address.
pub(super) struct HashQueue {
    limits: QueueLimits,
    state: Mutex<QueueState>,
    /// Wakes threads when a job may be ready to run.
    work: Condvar,
    pub(super) metrics: HashingMetrics,
}

struct QueueState {
    /// The lanes that have jobs. No lane is empty.
    lanes: HashMap<Lane, VecDeque<QueuedJob>>,
    /// The lanes in the order of their turns.
    turns: VecDeque<Lane>,
    waiting: usize,
    running: usize,
    spare_kib: u64,
    next_id: u64,
    is_closed: bool,
}

struct QueuedJob {
    /// Increases within a lane.
    id: u64,
    /// Memory that the job needs beyond its thread's own memory.
    extra_kib: u64,
    job: Job,
}

/// The next step of a hashing thread.
pub(super) enum NextJob {
    Run(Running),
    /// No job was ready within the idle timeout.
    Idle,
    /// The queue is closed.
    Closed,
}

impl std::fmt::Debug for HashQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashQueue").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl HashQueue {
    pub(super) fn new(limits: QueueLimits) -> Self {
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

    /// Appends a job to its lane. Dropping the ticket removes a job that has not started. A full queue evicts the last job
    /// of another address that has more waiting jobs.
    pub(super) fn push(self: &Arc<Self>, lane: Lane, extra_kib: u64, job: Job) -> Result<Ticket, Refusal> {
        let (id, evicted) = {
            let mut state = self.state();
            let own_length = state.lanes.get(&lane).map_or(0, VecDeque::len);
            if lane != Lane::System && own_length >= self.limits.per_address {
                return Err(Refusal::Address);
            }
            let is_full = state.waiting + state.running >= self.limits.max;
            let evicted =
                if is_full { Some(state.evict(own_length).ok_or(Refusal::QueueFull)?) } else { None };
            (state.push(lane, extra_kib, job), evicted)
        };
        self.work.notify_one();
        if let Some(entry) = evicted {
            (entry.job)(None);
        }
        Ok(Ticket { queue: Arc::clone(self), lane, id })
    }

    /// Waits for the next job, at most for `idle_timeout`.
    pub(super) fn next(self: &Arc<Self>, idle_timeout: Option<Duration>) -> NextJob {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return NextJob::Closed;
            }
            if let Some(QueuedJob { extra_kib, job, .. }) = state.take() {
                return NextJob::Run(Running {
                    reservation: Reservation { queue: Arc::clone(self), extra_kib },
                    job,
                });
            }
            match idle_timeout {
                None => self.work.wait(&mut state),
                Some(idle_timeout) => {
                    let timeout = self.work.wait_for(&mut state, idle_timeout);
                    if timeout.timed_out() && state.turns.is_empty() {
                        return NextJob::Idle;
                    }
                }
            }
        }
    }

    /// The length of the queue.
    pub(super) fn length(&self) -> QueueLength {
        let state = self.state();
        QueueLength { waiting: state.waiting, running: state.running, max: self.limits.max }
    }

    /// Closes the queue: each thread ends after its current job.
    pub(super) fn close(&self) {
        let lanes = {
            let mut state = self.state();
            state.is_closed = true;
            state.turns.clear();
            state.waiting = 0;
            std::mem::take(&mut state.lanes)
        };
        self.work.notify_all();
        // The jobs are dropped after the lock is released, because that runs the destructors of their captured values.
        drop(lanes);
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock()
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
        entries.push_back(QueuedJob { id, extra_kib, job });
        self.waiting += 1;
        id
    }

    /// Takes the first job of the next lane. If its memory is not available yet, all jobs wait. Otherwise small jobs could
    /// starve a large one.
    fn take(&mut self) -> Option<QueuedJob> {
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

    /// Removes the last job of the longest lane, if that lane is at least two jobs longer than the new job's lane.
    fn evict(&mut self, own_length: usize) -> Option<QueuedJob> {
        let addresses = self.lanes.iter().filter(|(lane, _)| **lane != Lane::System);
        let (lane, length) =
            addresses.map(|(lane, entries)| (*lane, entries.len())).max_by_key(|(_, length)| *length)?;
        if length > own_length + 1 { self.remove(lane, length - 1) } else { None }
    }

    fn remove(&mut self, lane: Lane, at: usize) -> Option<QueuedJob> {
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

/// A queued job, held by its caller. Dropping the ticket removes the job from the queue.
pub(super) struct Ticket {
    queue: Arc<HashQueue>,
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
            // The removed job may have waited for memory, with other jobs behind it.
            self.queue.work.notify_all();
        }
    }
}

/// A job that a thread has taken.
pub(super) struct Running {
    reservation: Reservation,
    job: Job,
}

impl Running {
    pub(super) fn run(self, memory: &mut Memory) {
        // Released even if the job panics.
        let _reservation = self.reservation;
        (self.job)(Some(memory));
    }
}

/// The capacity that a running job uses. Dropping it releases the capacity.
struct Reservation {
    queue: Arc<HashQueue>,
    extra_kib: u64,
}

impl Drop for Reservation {
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
    use super::{Arc, HashQueue, Lane, NextJob, QueueLimits, Refusal, Ticket};
    use crate::crypto::password_hasher::memory::Memory;
    use parking_lot::Mutex;

    const LIMITS: QueueLimits = QueueLimits { max: 8, per_address: 4, spare_kib: 100 };

    /// The outcomes of jobs, by name.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Log {
        fn push(
            &self,
            queue: &Arc<HashQueue>,
            lane: Lane,
            extra_kib: u64,
            name: &str,
        ) -> Result<Ticket, Refusal> {
            let (log, name) = (self.clone(), name.to_owned());
            let job = move |memory: Option<&mut Memory>| {
                let outcome = if memory.is_some() { name } else { format!("no {name}") };
                log.0.lock().push(outcome);
            };
            queue.push(lane, extra_kib, Box::new(job))
        }

        fn drain(&self) -> String {
            std::mem::take(&mut *self.0.lock()).join(" ")
        }
    }

    fn address(number: u8) -> Lane {
        Lane::of(Some([192, 0, 2, number].into()))
    }

    /// Takes the next job. `None` if a thread would have to wait.
    fn next(queue: &Arc<HashQueue>) -> Option<super::Running> {
        let entry = queue.state().take()?;
        Some(super::Running {
            reservation: super::Reservation { queue: Arc::clone(queue), extra_kib: entry.extra_kib },
            job: entry.job,
        })
    }

    fn run_all(queue: &Arc<HashQueue>) {
        while let Some(running) = next(queue) {
            running.run(&mut Memory::default());
        }
    }

    #[test]
    fn lanes_are_served_round_robin() {
        let (queue, log) = (Arc::new(HashQueue::new(LIMITS)), Log::default());
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
        assert_eq!(log.drain(), "a1 s1 b1 a2 c1 b2 a3");
    }

    #[test]
    fn the_limit_per_address_does_not_apply_to_the_program() {
        let (queue, log) = (Arc::new(HashQueue::new(QueueLimits { max: 20, ..LIMITS })), Log::default());
        let mut tickets: Vec<_> = (0..4).map(|_| log.push(&queue, address(1), 0, "a").unwrap()).collect();
        assert_eq!(log.push(&queue, address(1), 0, "a").err(), Some(Refusal::Address));
        tickets.extend((0..6).map(|_| log.push(&queue, Lane::System, 0, "s").unwrap()));
        tickets.push(log.push(&queue, address(2), 0, "b").unwrap());
        assert_eq!(queue.length().waiting, 11);
        run_all(&queue);
        assert!(log.push(&queue, address(1), 0, "a").is_ok());
    }

    #[test]
    fn a_full_queue_evicts_from_the_longest_lane() {
        let (queue, log) = (Arc::new(HashQueue::new(LIMITS)), Log::default());
        let names = ["1", "2", "3", "4"];
        let of = |number: u8| {
            names.map(|name| log.push(&queue, address(number), 0, &format!("{number}.{name}")).unwrap())
        };
        let (first, second) = (of(1), of(2));
        let newcomers: Vec<_> =
            (3..7).map(|number| log.push(&queue, address(number), 0, &number.to_string())).collect();
        assert!(newcomers.iter().all(Result::is_ok), "each evicts a job of a longer lane");
        assert_eq!(log.drain().split(' ').filter(|name| name.contains('.')).count(), 4);
        assert_eq!(queue.length().waiting, 8);
        // 1 and 2 have two jobs each: a second job of another address must not evict theirs.
        assert_eq!(log.push(&queue, address(3), 0, "3.2").err(), Some(Refusal::QueueFull));
        drop((first, second));
        assert_eq!(queue.length().waiting, 4);
    }

    #[test]
    fn jobs_of_callers_that_hung_up_do_not_run() {
        let (queue, log) = (Arc::new(HashQueue::new(LIMITS)), Log::default());
        let waiting = log.push(&queue, address(1), 0, "kept").unwrap();
        let gone: Vec<_> = (0..3).map(|_| log.push(&queue, address(1), 0, "gone").unwrap()).collect();
        let other = log.push(&queue, address(2), 0, "other").unwrap();
        drop(gone);
        assert_eq!(queue.length().waiting, 2);
        run_all(&queue);
        assert_eq!(log.drain(), "kept other");
        drop((waiting, other));
        assert_eq!((queue.length().waiting, queue.length().running), (0, 0));
        assert!(queue.state().turns.is_empty() && queue.state().lanes.is_empty());
    }

    #[test]
    fn a_job_waits_for_memory_and_later_jobs_wait_behind_it() {
        let (queue, log) = (Arc::new(HashQueue::new(LIMITS)), Log::default());
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
        assert_eq!(log.drain(), "b a c d");
        assert_eq!(queue.state().spare_kib, 100);
        drop(tickets);
    }

    /// A job whose caller hung up does not block the jobs behind it.
    #[test]
    fn removing_a_blocked_job_wakes_a_thread() {
        let (queue, log) = (Arc::new(HashQueue::new(LIMITS)), Log::default());
        let _big = log.push(&queue, address(1), 100, "big").unwrap();
        let running = next(&queue).unwrap();
        let gone = log.push(&queue, address(2), 100, "gone").unwrap();
        let _small = log.push(&queue, address(3), 0, "small").unwrap();
        let thread = {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || match queue.next(None) {
                NextJob::Run(running) => running.run(&mut Memory::default()),
                NextJob::Idle | NextJob::Closed => panic!("there is work"),
            })
        };
        drop(gone);
        thread.join().unwrap();
        assert_eq!(log.drain(), "small");
        running.run(&mut Memory::default());
        queue.close();
        assert!(matches!(queue.next(None), NextJob::Closed));
    }

    #[test]
    fn a_panic_releases_the_capacity() {
        let queue = Arc::new(HashQueue::new(LIMITS));
        let _ticket = queue.push(address(1), 100, Box::new(|_| panic!("on purpose"))).unwrap();
        let running = next(&queue).unwrap();
        let run = std::panic::AssertUnwindSafe(|| running.run(&mut Memory::default()));
        assert!(std::panic::catch_unwind(run).is_err());
        assert_eq!((queue.length().running, queue.state().spare_kib), (0, 100));
    }
}
