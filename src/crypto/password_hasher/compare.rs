//! Compares a typed password with a stored hash, on a hashing thread. The time must not reveal whether the account exists.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::memory::Memory;
use super::stored::Stored;
use crate::clock::Timer;
use crate::types::to_nfc;

/// The maximum delay of a refused login.
const MAX_DELAY: Duration = Duration::from_secs(3);

/// The result of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is wrong, or there was no hash to compare it with.
    Wrong,
    /// The password is right.
    Right,
    /// The password is right, but the hash has an outdated algorithm, cost or normalization and should be replaced.
    Outdated,
}

impl Verdict {
    /// Whether the password is right.
    pub fn is_match(self) -> bool {
        self != Self::Wrong
    }
}

/// A comparison of a typed password with a stored hash.
pub(super) struct Comparison {
    pub(super) password: SecretString,
    /// Whether the account exists and has a hash. Otherwise `stored` is the dummy hash, and the password is wrong.
    pub(super) has_hash: bool,
    /// `None` if the hash can't be verified, or costs too much to verify.
    pub(super) stored: Option<Stored>,
    /// Whether the stored hash need not be replaced.
    pub(super) is_current: bool,
    /// Whether new hashes are those of normalization form C. Those of bcrypt are not.
    pub(super) is_normalizing: bool,
    /// Whether verifying the stored hash takes the same time as a hash with the current parameters.
    pub(super) has_current_cost: bool,
    pub(super) dummy_hash: Stored,
    /// The time of the slowest verified hash with other parameters than the current ones, in microseconds.
    pub(super) slowest: Arc<AtomicU64>,
}

impl Comparison {
    /// Compares all normalization forms of the password. Returns the verdict, the elapsed time and the number of forms.
    pub(super) fn run(self, memory: &mut Memory) -> (Verdict, Duration, u32) {
        let timer = Timer::start();
        let forms = match to_nfc(&self.password) {
            Some(normalized) => vec![normalized, self.password.clone()],
            None => vec![self.password.clone()],
        };
        let (mut verdict, mut forms_compared) = (Verdict::Wrong, 0);
        // Always compares all forms: the caller may refuse a right password, and the response time must not reveal that it
        // was right.
        for form in &forms {
            let is_match = self.compare(form, memory) && self.has_hash;
            if is_match && verdict == Verdict::Wrong {
                // A hash of another normalization form is replaced, so that the password can be typed on every keyboard.
                let is_normalized = forms_compared == 0 || !self.is_normalizing;
                verdict = if self.is_current && is_normalized { Verdict::Right } else { Verdict::Outdated };
            }
            forms_compared += 1;
        }
        (verdict, timer.elapsed(), forms_compared)
    }

    fn compare(&self, password: &SecretString, memory: &mut Memory) -> bool {
        let password = password.expose_secret().as_bytes();
        let timer = Timer::start();
        let is_match = self.stored.as_ref().and_then(|stored| stored.matches_password(password, memory));
        let has_current_cost = is_match.is_some() && self.has_current_cost;
        if !has_current_cost {
            // It must not take less time than a login without an account.
            let _same_work = self.dummy_hash.matches_password(password, memory);
        }
        if !has_current_cost && is_match.is_some() {
            let micros = timer.elapsed().min(MAX_DELAY).as_micros();
            self.slowest.fetch_max(micros.try_into().unwrap_or_default(), Ordering::Relaxed);
        }
        is_match == Some(true)
    }
}
