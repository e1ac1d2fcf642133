//! Time: the only place that reads it (clippy.toml refuses the rest), so that tests move the clock instead of sleeping.
#![expect(clippy::disallowed_methods, reason = "this is the place the rule points to")]

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// How far the clocks of two machines may be apart: the usual bound (RFC 4120 8.2).
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Tells the time, in whole milliseconds: what the API shows is what the database holds.
#[derive(Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is moved.
    Fixed(Mutex<Hands>),
}

/// What a fixed clock shows.
#[derive(Clone, Copy, Debug)]
pub struct Hands {
    now: DateTime<Utc>,
    /// Since 1970, if it had never been set back.
    elapsed: TimeDelta,
}

impl Clock {
    /// A clock that stands at `moment`.
    pub fn fixed(moment: DateTime<Utc>) -> Self {
        let now = moment.trunc_subsecs(3);
        Self::Fixed(Mutex::new(Hands { now, elapsed: now - DateTime::UNIX_EPOCH }))
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Fixed(hands) => hands.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// The present moment, and in any case one after `earlier`: so that what changes twice within a millisecond
    /// moves twice. An `earlier` that a wrong clock wrote is not believed.
    pub fn after(&self, earlier: DateTime<Utc>) -> DateTime<Utc> {
        if earlier > self.latest(TimeDelta::zero()) {
            return self.now();
        }
        self.now().max(earlier + TimeDelta::milliseconds(1))
    }

    /// The latest that a stored timestamp can be which is at most `ahead` of the time at which it was written. A later
    /// one was written while a clock was wrong, and must not be believed: it would hold for as long as that clock was
    /// ahead, long after the clock is right.
    pub fn latest(&self, ahead: TimeDelta) -> DateTime<Utc> {
        self.now() + ahead + CLOCK_SKEW
    }

    /// Whether a stored deadline has yet to come, which was set at most `ahead`. One that is further ahead than that
    /// counts as over: see [`latest`](Self::latest).
    pub fn is_pending(&self, deadline: DateTime<Utc>, ahead: TimeDelta) -> bool {
        self.now() < deadline && deadline <= self.latest(ahead)
    }

    /// The time since some moment of the past, which nobody can set back: for intervals.
    pub fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => START.elapsed(),
            Self::Fixed(hands) => {
                let elapsed = hands.lock().unwrap_or_else(PoisonError::into_inner).elapsed;
                elapsed.to_std().unwrap_or_default()
            }
        }
    }

    /// Moves a fixed clock forward, or sets it back. The machine's clock stays as it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(hands) = self {
            let mut hands = hands.lock().unwrap_or_else(PoisonError::into_inner);
            hands.now += by;
            hands.elapsed += by.max(TimeDelta::zero());
        }
    }
}

/// When something began and ended that took so long and has just ended.
pub fn elapsed_range(took: Duration) -> (SystemTime, SystemTime) {
    let ended = SystemTime::now();
    (ended.checked_sub(took).unwrap_or(ended), ended)
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Timer(Instant);

impl Timer {
    /// Starts measuring.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
