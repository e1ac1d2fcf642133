//! Password hashing: on threads of its own kind, a bounded number at once, a bounded number waiting, and within an amount
//! of memory. What nobody waits for any more is not computed.

mod queue;
mod stored;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

pub use queue::Lane;
pub use stored::{TooCostly, UnusableHash};

use crate::clock::Timer;
use crate::config::HashingConfig;
use crate::db::{NoTransaction, ensure_outside};
use crate::error::{Error, Result};
use crate::telemetry::metrics::HashingMetrics;
use crate::types::{Password, PasswordHash, normalized};

use queue::{Limits, Queue, Refused};
use stored::{Bounds, Stored};
use threads::Memory;

/// The longest that a refused login waits to look like one of the slowest.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What came of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or there was no hash to compare with.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, but the hash is of a kind, or at a price, that isn't made any more.
    Outdated,
}

/// What came of verifying a password, and how long the processor was busy with it.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// The outcome.
    pub verdict: Verdict,
    /// Without the time in the queue.
    pub took: Duration,
    /// In how many normalization forms it was compared. What was typed decides that alone.
    pub compared: u32,
    /// Why the password was not compared with the hash, when that costs too much: it has to be reset.
    pub too_costly: Option<TooCostly>,
}

impl Verdict {
    /// Whether it is the password.
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

/// Why there is no hasher.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Parameters that can't be.
    #[error(transparent)]
    Parameters(#[from] argon2::Error),
    /// The system gives no threads.
    #[error("no threads to hash on: {0}")]
    Threads(#[from] std::io::Error),
}

/// Hashes and verifies passwords with argon2id (RFC 9106), never on a thread of the async runtime.
#[derive(Debug)]
pub struct PasswordHasher {
    params: Params,
    bounds: Bounds,
    /// Verified in place of the hash of an account that doesn't exist, so that both take the same time.
    dummy_hash: PasswordHash,
    /// How long the slowest hash took that is not as those that are made now, in microseconds.
    slowest: Arc<AtomicU64>,
    queue: Arc<Queue>,
    /// What is measured of it.
    pub metrics: HashingMetrics,
}

/// Length of a hash, in bytes.
const HASH_LENGTH: usize = 32;

impl PasswordHasher {
    /// A hasher with these parameters.
    ///
    /// # Errors
    /// Parameters that argon2 refuses: more lanes than an eighth of the memory in KiB, say. No more threads to be had.
    pub fn new(config: &HashingConfig) -> std::result::Result<Self, HasherError> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)?;
        let dummy_hash = phc(&params, &[0; 16], &[0; HASH_LENGTH])?;
        let spare_kib = config.spare_kib();
        let bounds = Bounds::new(&params, spare_kib, config.bcrypt_max_cost);
        let most = config.threads.get().saturating_add(config.queue);
        let queue = Arc::new(Queue::new(Limits { most, per_address: config.queue_per_address, spare_kib }));
        threads::start(config.threads.get(), &queue)?;
        let metrics = queue.metrics.clone();
        Ok(Self { params, bounds, dummy_hash, slowest: Arc::new(AtomicU64::new(0)), queue, metrics })
    }

    /// Notes in the metrics how long the queue is.
    pub fn record_queue(&self) {
        self.metrics.record(self.queue.length());
    }

    /// Hashes a password with this salt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many hashes are waiting, of all callers or of this one's address.
    pub async fn hash(
        &self,
        outside: &impl NoTransaction,
        lane: Lane,
        password: &Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash> {
        self.rehash(outside, lane, password.secret(), salt).await
    }

    /// Hashes a password that was just verified, and so may be older than the rules for new ones, in normalization form C.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn rehash(
        &self,
        outside: &impl NoTransaction,
        lane: Lane,
        password: &SecretString,
        salt: [u8; 16],
    ) -> Result<PasswordHash> {
        let (params, password) = (self.params.clone(), password.clone());
        self.run(outside, lane, 0, move |memory| {
            let password = normalized(&password).unwrap_or(password);
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut hash = [0; HASH_LENGTH];
            memory
                .fill(&argon2, password.expose_secret().as_bytes(), &salt, &mut hash)
                .map_err(Error::internal)?;
            phc(argon2.params(), &salt, &hash).map_err(Error::internal)
        })
        .await?
    }

    /// Whether the password is the one that was hashed. Without a hash it is wrong, after the same time; so it is when
    /// verifying the hash costs too much. It is compared in normalization form C. Only when it was typed in another form,
    /// which tells nothing of the account, are the typed bytes compared as well: hashes of other programs are of those.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn verify(
        &self,
        outside: &impl NoTransaction,
        lane: Lane,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<Verified> {
        let stored = Stored::parse(hash.unwrap_or(&self.dummy_hash).expose(), self.bounds);
        let too_costly = match &stored {
            Err(UnusableHash::TooCostly(reason)) => Some(*reason),
            Ok(_) | Err(UnusableHash::Unknown) => None,
        };
        let memory_kib = stored.as_ref().map_or(0, Stored::memory_kib);
        let extra_kib = memory_kib.saturating_sub(self.params.m_cost());
        let known = stored.ok().map(|stored| {
            let is_current = stored.is_current(&self.params);
            let is_usual = stored.is_usual(&self.params);
            (stored, is_current, is_usual)
        });
        let dummy_hash = Stored::parse(self.dummy_hash.expose(), self.bounds).map_err(Error::internal)?;
        let (password, slowest) = (password.clone(), Arc::clone(&self.slowest));
        let is_known = hash.is_some();
        let (verdict, took, compared) = self
            .run(outside, lane, extra_kib.into(), move |memory| {
                let watch = Timer::start();
                let typed_otherwise = normalized(&password).map(|normalized| (normalized, password.clone()));
                let forms = match typed_otherwise {
                    Some((normalized, typed)) => vec![normalized, typed],
                    None => vec![password],
                };
                let (mut verdict, mut compared) = (Verdict::Wrong, 0);
                // Always all of them: the caller may refuse a right password, and nobody is to notice that it was right.
                for password in &forms {
                    let password = password.expose_secret().as_bytes();
                    let started = watch.elapsed();
                    let made = known.as_ref().and_then(|(stored, ..)| stored.is_made_of(password, memory));
                    let is_usual = made.is_some() && matches!(known, Some((.., true)));
                    if !is_usual {
                        // So that it takes no less than one of an account that doesn't exist.
                        let _same_work = dummy_hash.is_made_of(password, memory);
                    }
                    if !is_usual && made.is_some() {
                        let micros = (watch.elapsed() - started).min(LONGEST_PAUSE).as_micros();
                        slowest.fetch_max(micros.try_into().unwrap_or_default(), Ordering::Relaxed);
                    }
                    if let Some((_, is_current, _)) = known
                        && is_known
                        && made == Some(true)
                        && verdict == Verdict::Wrong
                    {
                        // A hash of the bytes as typed is replaced, so that every keyboard types the password.
                        let is_normalized = compared == 0;
                        verdict =
                            if is_current && is_normalized { Verdict::Right } else { Verdict::Outdated };
                    }
                    compared += 1;
                }
                (verdict, watch.elapsed(), compared)
            })
            .await?;
        Ok(Verified { verdict, took, compared, too_costly })
    }

    /// Waits as long as a login that is refused has to, so that accounts with hashes of another system, which take
    /// another time, can't be told from the rest: as if the slowest of them had been verified.
    pub async fn equalize_latency(&self, _outside: &impl NoTransaction, verified: Verified) {
        let slowest = Duration::from_micros(self.slowest.load(Ordering::Relaxed)) * verified.compared;
        if let Some(rest) = slowest.checked_sub(verified.took) {
            tokio::time::sleep(rest).await;
        }
    }

    /// How the hashes begin that are made now: others take another time.
    pub fn usual_prefix(&self) -> String {
        let end = self.dummy_hash.expose().match_indices('$').nth(3).map_or(0, |(at, _)| at + 1);
        self.dummy_hash.expose()[..end].to_owned()
    }

    /// Finds out what verifying this hash takes, for [`level`](Self::level). False when it can't be verified.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn estimate(&self, outside: &impl NoTransaction, hash: &PasswordHash) -> Result<bool> {
        let is_verifiable = Stored::parse(hash.expose(), self.bounds).is_ok();
        if is_verifiable {
            self.verify(outside, Lane::System, &SecretString::from("not the password"), Some(hash)).await?;
        }
        Ok(is_verifiable)
    }

    /// A hash that another system made, or patron, as it may be stored: only one that will be verified.
    ///
    /// # Errors
    /// The text is no such hash, or one that costs too much.
    pub fn parse_hash(&self, text: &str) -> std::result::Result<PasswordHash, UnusableHash> {
        if Stored::parse(text, self.bounds)?.is_importable() {
            Ok(PasswordHash::new(text.to_owned()))
        } else {
            Err(UnusableHash::Unknown)
        }
    }

    /// Has a thread do this in its turn. When the caller doesn't wait any more, and drops the future, it is not done.
    async fn run<T: Send + 'static>(
        &self,
        _outside: &impl NoTransaction,
        lane: Lane,
        extra_kib: u64,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        ensure_outside("hashing a password")?;
        let (sender, outcome) = oneshot::channel();
        let (kept, metrics, queued) = (self.params.block_count(), self.metrics.clone(), Timer::start());
        let job = move |memory: Option<&mut Memory>| {
            let Some(memory) = memory else {
                metrics.rejected();
                let _given_up = sender.send(Err(unavailable(Refused::Full)));
                return;
            };
            // It was taken just before its caller gave up.
            if sender.is_closed() {
                metrics.abandoned();
                return;
            }
            let waited = queued.elapsed();
            let hashed = work(memory);
            metrics.hashed(waited, queued.elapsed().saturating_sub(waited));
            // An error means that nobody waits any more.
            let _given_up = sender.send(Ok(hashed));
            memory.shrink(kept);
        };
        let ticket = self.queue.push(lane, extra_kib, Box::new(job));
        let _ticket = ticket.inspect_err(|_| self.metrics.rejected()).map_err(unavailable)?;
        outcome.await.map_err(Error::internal)?
    }
}

impl Drop for PasswordHasher {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn unavailable(refused: Refused) -> Error {
    Error::unavailable(match refused {
        Refused::Full => "too many passwords are waiting to be hashed (PATRON_HASH_QUEUE)",
        Refused::Share => {
            "too many passwords of one network address are waiting to be hashed (PATRON_HASH_QUEUE_PER_ADDRESS)"
        }
    })
}

/// A hash in PHC string format.
fn phc(params: &Params, salt: &[u8], hash: &[u8]) -> argon2::Result<PasswordHash> {
    let phc = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into().map_err(|_| argon2::Error::AlgorithmInvalid)?,
        salt: Salt::new(salt).ok(),
        hash: Output::new(hash).ok(),
    };
    Ok(PasswordHash::new(phc.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Error, HashingConfig, Lane, Password, PasswordHash, PasswordHasher, Verdict};
    use crate::config::{Config, Flags, Values};
    use crate::db::Job;
    use futures_util::FutureExt;
    use std::num::NonZeroUsize;

    fn hasher(change: impl FnOnce(&mut HashingConfig)) -> PasswordHasher {
        let mut config = Config::from_values(Values::only(&Flags::default())).unwrap().hashing;
        config.threads = NonZeroUsize::MIN;
        change(&mut config);
        PasswordHasher::new(&config).unwrap()
    }

    fn password() -> Password {
        Password::new("correct horse battery".into()).unwrap()
    }

    fn address(number: u8) -> Lane {
        Lane::of(Some([192, 0, 2, number].into()))
    }

    #[test]
    fn hashes_that_are_made_now_are_known_by_their_beginning() {
        assert_eq!(hasher(|_| ()).usual_prefix(), "$argon2id$v=19$m=19456,t=2,p=1$");
    }

    #[tokio::test]
    async fn a_password_is_right_outdated_or_wrong() {
        let hasher = hasher(|_| ());
        let stored = hasher.hash(&Job, Lane::System, &password(), [7; 16]).await.unwrap();
        let bcrypt = bcrypt::hash_with_result("correct horse battery", 4).unwrap();
        let bcrypt = PasswordHash::new(bcrypt.format_for_version(bcrypt::Version::TwoB));
        let salt_and_hash = stored.expose().trim_start_matches("$argon2id$v=19$m=19456,t=2,p=1");
        let broken = PasswordHash::new(format!("$argon2id$v=19$m=2097152,t=2,p=1{salt_and_hash}"));
        let dummy_hash = hasher.dummy_hash.clone();
        for (hash, password, verdict, is_too_costly) in [
            (Some(&stored), "correct horse battery", Verdict::Right, false),
            (Some(&stored), "Correct horse battery", Verdict::Wrong, false),
            (Some(&bcrypt), "correct horse battery", Verdict::Outdated, false),
            (Some(&broken), "correct horse battery", Verdict::Wrong, true),
            (Some(&dummy_hash), "correct horse battery", Verdict::Wrong, false),
            (Some(&PasswordHash::new("plain".to_owned())), "plain", Verdict::Wrong, false),
            (None, "correct horse battery", Verdict::Wrong, false),
        ] {
            let verified = hasher.verify(&Job, Lane::System, &password.into(), hash).await.unwrap();
            assert_eq!((verified.verdict, verified.too_costly.is_some()), (verdict, is_too_costly));
        }
        // However it is typed, an account takes as long as none.
        let accented = Password::new("caf\u{E9} cr\u{E8}me".into()).unwrap();
        let stored = hasher.hash(&Job, Lane::System, &accented, [7; 16]).await.unwrap();
        for (hash, typed, compared) in [
            (Some(&stored), "caf\u{E9} cr\u{E8}me", 1),
            (Some(&stored), "cafe\u{301} cre\u{300}me", 2),
            (Some(&stored), "cafe\u{301} cre\u{300}mes", 2),
            (None, "cafe\u{301} cre\u{300}me", 2),
        ] {
            let verified = hasher.verify(&Job, Lane::System, &typed.into(), hash).await.unwrap();
            assert_eq!(verified.compared, compared, "{typed:?}");
        }
        assert!(
            !hasher.estimate(&Job, &broken).await.unwrap() && hasher.estimate(&Job, &bcrypt).await.unwrap()
        );
    }

    /// Clients that hang up leave nothing to do, and a full queue has room for another address.
    #[tokio::test]
    async fn only_what_is_waited_for_is_computed() {
        let hasher = hasher(|config| (config.queue, config.queue_per_address) = (40, 30));
        let password = password();
        let hash = |lane| hasher.hash(&Job, lane, &password, [7; 16]);
        // The first is what the thread is busy with; whether it has taken it yet doesn't matter.
        let mut flood: Vec<_> = (0..40).map(|_| Box::pin(hash(address(1)))).collect();
        let mut refused = 0;
        for caller in &mut flood {
            match caller.as_mut().now_or_never() {
                None => {}
                Some(Err(Error::Unavailable { .. })) => refused += 1,
                Some(other) => panic!("{other:?}"),
            }
        }
        assert!((1..=10).contains(&refused), "a share is 30 of 40: {refused}");
        let other = hash(address(2)).await;
        assert!(other.is_ok());
        drop(flood);
        assert!(hash(address(1)).await.is_ok());
        // Of 42 callers.
        let hashed = 42 - refused - hasher.metrics.count_of_abandoned();
        assert!((3..=8).contains(&hashed), "{hashed}");
    }
}
