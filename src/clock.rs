//! Time. Only this module reads the system's clocks (clippy.toml enforces it), so that tests can move a fixed clock instead
//! of sleeping.
//!
//! Stored timestamps may come from a machine whose clock was wrong. A timestamp that is further in the future than its
//! maximum validity and the allowed clock skew is ignored ([`Clock::latest`]).
#![expect(clippy::disallowed_methods, reason = "the lint refers to this module")]

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use parking_lot::Mutex;

/// The allowed clock skew between two machines (RFC 4120 8.2).
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// A clock with a resolution of milliseconds, so that the API returns the same timestamps that the database stores.
#[derive(Debug)]
pub enum Clock {
    /// The system clock.
    System,
    /// A clock that only [`advance`](Self::advance) moves.
    Fixed(Mutex<FixedTime>),
}

/// The state of a fixed clock.
#[derive(Clone, Copy, Debug)]
pub struct FixedTime {
    now: DateTime<Utc>,
    /// The monotonic time: never set back.
    elapsed: TimeDelta,
}

impl Clock {
    /// Creates a fixed clock with this time.
    pub fn fixed(time: DateTime<Utc>) -> Self {
        let now = time.trunc_subsecs(3);
        Self::Fixed(Mutex::new(FixedTime { now, elapsed: now - DateTime::UNIX_EPOCH }))
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Fixed(state) => state.lock().now,
        }
    }

    /// The current time, but at least one millisecond after `earlier`, so that two changes within a millisecond get
    /// different timestamps. An `earlier` that is too far in the future is ignored.
    pub fn now_after(&self, earlier: DateTime<Utc>) -> DateTime<Utc> {
        if earlier > self.latest(TimeDelta::zero()) {
            return self.now();
        }
        self.now().max(earlier + TimeDelta::milliseconds(1))
    }

    /// The latest plausible value of a stored timestamp that was at most `ahead` of the time when it was written. A later
    /// timestamp was written by a wrong clock and must be ignored. Otherwise it would stay valid for as long as that clock
    /// was fast.
    pub fn latest(&self, ahead: TimeDelta) -> DateTime<Utc> {
        self.now() + ahead + CLOCK_SKEW
    }

    /// Whether a stored deadline that was set at most `ahead` is in the future. An implausible deadline counts as over: see
    /// [`latest`](Self::latest).
    pub fn is_pending(&self, deadline: DateTime<Utc>, ahead: TimeDelta) -> bool {
        self.now() < deadline && deadline <= self.latest(ahead)
    }

    /// The time since an arbitrary instant, for measuring intervals. It never decreases.
    pub fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => START.elapsed(),
            Self::Fixed(state) => {
                let elapsed = state.lock().elapsed;
                elapsed.to_std().unwrap_or_default()
            }
        }
    }

    /// Moves a fixed clock forward or back. Does nothing to the system clock.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(state) = self {
            let mut state = state.lock();
            state.now += by;
            state.elapsed += by.max(TimeDelta::zero());
        }
    }
}

/// The start and end of an operation that has just ended and took this long.
pub fn elapsed_range(elapsed: Duration) -> (SystemTime, SystemTime) {
    let ended = SystemTime::now();
    (ended.checked_sub(elapsed).unwrap_or(ended), ended)
}

/// Measures elapsed time.
#[derive(Clone, Copy, Debug)]
pub struct Timer(Instant);

impl Timer {
    /// Starts a timer.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
