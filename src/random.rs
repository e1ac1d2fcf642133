//! Randomness: the only place that reads it (clippy.toml refuses the rest), so that tests and the demo can repeat it.
#![expect(clippy::disallowed_methods, reason = "this is the place the rule points to")]

use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use uuid::Uuid;

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
