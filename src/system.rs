//! Time and randomness: the only place that reads them (clippy.toml refuses the rest), so that tests move
//! the clock instead of sleeping.
#![expect(clippy::disallowed_methods, reason = "this is the place the rule points to")]

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use uuid::Uuid;

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

/// A source of randomness.
#[derive(Debug)]
pub enum Random {
    /// The operating system's; for everything that must not be guessed.
    System,
    /// The same sequence for the same seed; for demo data and tests.
    Seeded(Box<Mutex<StdRng>>),
}

impl Random {
    /// A repeatable source.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing secure can be done then.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => {
                SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes")
            }
            Self::Seeded(source) => {
                source.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes)
            }
        }
        bytes
    }

    /// A random identifier (RFC 9562, version 4).
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A pause that is up to a fifth longer or shorter: what failed at once is not tried again at once.
    pub fn jitter(&self, pause: TimeDelta) -> TimeDelta {
        /// Thousandths of the pause, around 1000.
        const SPREAD: i64 = 200;
        let random = i64::from(u16::from_le_bytes(self.bytes()));
        let thousandths = 1000 - SPREAD + random * 2 * SPREAD / i64::from(u16::MAX);
        TimeDelta::milliseconds(pause.num_milliseconds().saturating_mul(thousandths) / 1000)
    }

    /// A random word of `N` characters from an alphabet of 32 that can be read aloud: 5 bits a character.
    pub fn word<const N: usize>(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte % 32)]);
        self.bytes::<N>().into_iter().map(letter).collect()
    }
}

/// When something began and ended that took so long and has just ended.
pub fn just_now(took: Duration) -> (SystemTime, SystemTime) {
    let ended = SystemTime::now();
    (ended.checked_sub(took).unwrap_or(ended), ended)
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
