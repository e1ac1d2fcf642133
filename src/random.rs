//! Randomness. Only this module reads random numbers (clippy.toml enforces it), so that tests and the demo can use a seed.
//! If the operating system has no randomness, the program panics.

use std::cell::RefCell;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use uuid::Uuid;

/// A source of randomness.
#[derive(Debug)]
pub enum Random {
    /// The operating system's generator, for everything that must be unpredictable.
    System,
    /// A generator with a seed, for demo data and tests. The same seed gives the same sequence.
    Seeded(Box<Mutex<StdRng>>),
}

impl Random {
    /// Creates a generator with this seed.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// The operating system has no randomness: no secure operation is possible then.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => {
                SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes")
            }
            Self::Seeded(generator) => generator.lock().fill_bytes(&mut bytes),
        }
        bytes
    }

    /// A random UUID (RFC 9562, version 4). It is a name and not a secret, so it needs no system call: every request has one,
    /// and a refresh three.
    pub fn uuid(&self) -> Uuid {
        let bytes = match self {
            Self::System => name_bytes(),
            Self::Seeded(_) => self.bytes(),
        };
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A UUID that begins with this time, in milliseconds, and is random otherwise (RFC 9562, version 7). Many of them are
    /// neighbours in an index, however large it is.
    pub fn uuid_of(&self, time: DateTime<Utc>) -> Uuid {
        let milliseconds = u64::try_from(time.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &self.bytes()).into_uuid()
    }

    /// A delay that is up to a fifth longer or shorter, so that operations that failed together are not retried together.
    pub fn jitter(&self, delay: TimeDelta) -> TimeDelta {
        /// The maximum deviation, in thousandths of the delay.
        const SPREAD: i64 = 200;
        let random = i64::from(u16::from_le_bytes(self.bytes()));
        let thousandths = 1000 - SPREAD + random * 2 * SPREAD / i64::from(u16::MAX);
        TimeDelta::milliseconds(delay.num_milliseconds().saturating_mul(thousandths) / 1000)
    }

    /// A random word of `N` characters with 5 bits each. The alphabet omits characters that are easily confused.
    pub fn word<const N: usize>(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte % 32)]);
        self.bytes::<N>().into_iter().map(letter).collect()
    }
}

/// Random bytes for a name. They come from a cryptographic generator of the thread (ChaCha with 12 rounds), which the operating
/// system's generator has seeded, so names are unique and can't be guessed from others.
fn name_bytes() -> [u8; 16] {
    thread_local! {
        static GENERATOR: RefCell<StdRng> = RefCell::new(StdRng::from_seed(Random::System.bytes()));
    }
    let mut bytes = [0; 16];
    GENERATOR.with_borrow_mut(|generator| generator.fill_bytes(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Random;

    #[test]
    fn every_thread_has_its_own_names() {
        let names = || (0..1000).map(|_| Random::System.uuid()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(names)).collect();
        let names: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert!(names.iter().all(|name| name.get_version_num() == 4));
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 4000);
    }

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let names = || Random::seeded(7).uuid();
        assert_eq!(names(), names());
    }
}
