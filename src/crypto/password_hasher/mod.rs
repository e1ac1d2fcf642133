//! Password hashing with argon2id (RFC 9106), on separate threads.
//!
//! The number of running and waiting hashes and their memory are limited. When the queue is full, a request is refused as
//! unavailable. A hash whose caller hung up is not computed.
//!
//! Login timing: a refused login must take the same time whether or not the account exists. A login without a stored hash
//! verifies a dummy hash. Hashes of other systems take another time, so a refused login is delayed until the slowest of
//! them would have been verified ([`PasswordHasher::equalize_latency`]).

mod compare;
mod memory;
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

pub use compare::Verdict;
pub use queue::Lane;
pub use stored::{TooCostly, UnusableHash};

use crate::clock::Timer;
use crate::config::HashingConfig;
use crate::db::{NoTransaction, ensure_no_transaction};
use crate::error::{Error, Result};
use crate::telemetry::metrics::HashingMetrics;
use crate::types::{Password, PasswordHash, to_nfc};

use compare::Comparison;
use memory::Memory;
use queue::{HashQueue, QueueLimits, Refusal};
use stored::{CostBounds, Stored};

/// The outcome of verifying a password, and its processor time.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// Whether the password was right.
    pub verdict: Verdict,
    /// The time it took, without the time in the queue.
    pub elapsed: Duration,
    /// The number of normalization forms that were compared. It depends only on the typed password.
    pub forms_compared: u32,
    /// Set if the hash costs too much to verify. The password was not compared, and has to be reset.
    pub too_costly: Option<TooCostly>,
}

/// Why the hasher could not be created.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// The parameters are not valid for argon2.
    #[error(transparent)]
    Parameters(#[from] argon2::Error),
    /// The operating system can't start the threads.
    #[error("the hashing threads could not be started: {0}")]
    Threads(#[from] std::io::Error),
}

/// Hashes and verifies passwords with argon2id (RFC 9106), never on a thread of the async runtime.
#[derive(Debug)]
pub struct PasswordHasher {
    params: Params,
    bounds: CostBounds,
    /// Verified if an account doesn't exist, so that the login takes the same time.
    dummy_hash: PasswordHash,
    /// The time of the slowest verified hash with other parameters than the current ones, in microseconds.
    slowest: Arc<AtomicU64>,
    queue: Arc<HashQueue>,
    /// The metrics of hashing.
    pub metrics: HashingMetrics,
}

/// Length of a hash, in bytes.
const HASH_LENGTH: usize = 32;

impl PasswordHasher {
    /// Creates a hasher with these parameters and starts its threads.
    ///
    /// # Errors
    /// Parameters that argon2 refuses, for example more lanes than an eighth of the memory in KiB. Threads that the
    /// operating system can't start.
    pub fn new(config: &HashingConfig) -> std::result::Result<Self, HasherError> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)?;
        let dummy_hash = phc(&params, &[0; 16], &[0; HASH_LENGTH])?;
        let spare_kib = config.spare_kib();
        let bounds = CostBounds::new(&params, spare_kib, config.bcrypt_max_cost);
        let max = config.threads.get().saturating_add(config.queue);
        let queue =
            Arc::new(HashQueue::new(QueueLimits { max, per_address: config.queue_per_address, spare_kib }));
        threads::start(config.threads.get(), &queue)?;
        let metrics = queue.metrics.clone();
        Ok(Self { params, bounds, dummy_hash, slowest: Arc::new(AtomicU64::new(0)), queue, metrics })
    }

    /// Records the length of the queue in the metrics.
    pub fn record_queue(&self) {
        self.metrics.record(self.queue.length());
    }

    /// Hashes a password with this salt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many hashes are waiting, in total or for the caller's address.
    pub async fn hash(
        &self,
        outside: &impl NoTransaction,
        lane: Lane,
        password: &Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash> {
        self.rehash(outside, lane, password.secret(), salt).await
    }

    /// Hashes a password that was just verified, in normalization form C. The password may be older than the rules for new
    /// passwords, and violate them.
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
            let password = to_nfc(&password).unwrap_or(password);
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut hash = [0; HASH_LENGTH];
            memory
                .fill(&argon2, password.expose_secret().as_bytes(), &salt, &mut hash)
                .map_err(Error::internal)?;
            phc(argon2.params(), &salt, &hash).map_err(Error::internal)
        })
        .await?
    }

    /// Compares a password with a hash. Without a hash, or with one that costs too much to verify, the password is wrong,
    /// after the same time.
    ///
    /// The password is compared in normalization form C. If it was typed in another form, the typed bytes are compared as
    /// well, because other programs hash those. This reveals nothing about the account, because it depends only on the
    /// typed password.
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
        let stored = stored.ok();
        let memory_kib = stored.as_ref().map_or(0, Stored::memory_kib);
        let extra_kib = memory_kib.saturating_sub(self.params.m_cost());
        let comparison = Comparison {
            password: password.clone(),
            has_hash: hash.is_some(),
            is_current: stored.as_ref().is_some_and(|stored| stored.is_current(&self.params)),
            has_current_cost: stored.as_ref().is_some_and(|stored| stored.has_cost_of(&self.params)),
            stored,
            dummy_hash: Stored::parse(self.dummy_hash.expose(), self.bounds).map_err(Error::internal)?,
            slowest: Arc::clone(&self.slowest),
        };
        let compare = move |memory: &mut Memory| comparison.run(memory);
        let (verdict, elapsed, forms_compared) = self.run(outside, lane, extra_kib.into(), compare).await?;
        Ok(Verified { verdict, elapsed, forms_compared, too_costly })
    }

    /// Delays a refused login until the slowest known hash would have been verified, so that the response time does not
    /// reveal accounts with hashes of other systems.
    pub async fn equalize_latency(&self, _outside: &impl NoTransaction, verified: Verified) {
        let slowest = Duration::from_micros(self.slowest.load(Ordering::Relaxed)) * verified.forms_compared;
        if let Some(delay) = slowest.checked_sub(verified.elapsed) {
            tokio::time::sleep(delay).await;
        }
    }

    /// The prefix of hashes with the current parameters. Hashes with another prefix take another time to verify.
    pub fn current_prefix(&self) -> String {
        let end = self.dummy_hash.expose().match_indices('$').nth(3).map_or(0, |(at, _)| at + 1);
        self.dummy_hash.expose()[..end].to_owned()
    }

    /// Measures how long verifying this hash takes, for [`equalize_latency`](Self::equalize_latency). Returns false if it
    /// can't be verified.
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

    /// Parses a hash of patron or another system that is to be stored, if patron can verify it.
    ///
    /// # Errors
    /// The text is not such a hash, or the hash costs too much to verify.
    pub fn parse_hash(&self, text: &str) -> std::result::Result<PasswordHash, UnusableHash> {
        if Stored::parse(text, self.bounds)?.is_importable() {
            Ok(PasswordHash::new(text.to_owned()))
        } else {
            Err(UnusableHash::Unknown)
        }
    }

    /// Runs a job on a hashing thread. Dropping the future removes a job that has not started.
    async fn run<T: Send + 'static>(
        &self,
        _outside: &impl NoTransaction,
        lane: Lane,
        extra_kib: u64,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        ensure_no_transaction("hashing a password")?;
        let (sender, outcome) = oneshot::channel();
        let (block_count, metrics, queued) =
            (self.params.block_count(), self.metrics.clone(), Timer::start());
        let job = move |memory: Option<&mut Memory>| {
            let Some(memory) = memory else {
                metrics.rejected();
                let _hung_up = sender.send(Err(unavailable(Refusal::QueueFull)));
                return;
            };
            // The caller hung up after the thread had taken the job.
            if sender.is_closed() {
                metrics.abandoned();
                return;
            }
            let waited = queued.elapsed();
            let hashed = work(memory);
            metrics.hashed(waited, queued.elapsed().saturating_sub(waited));
            // An error means that the caller hung up.
            let _hung_up = sender.send(Ok(hashed));
            memory.shrink(block_count);
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

fn unavailable(reason: Refusal) -> Error {
    Error::unavailable(match reason {
        Refusal::QueueFull => "too many passwords are waiting to be hashed (PATRON_HASH_QUEUE)",
        Refusal::Address => {
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
    use crate::db::BackgroundJob;
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
    fn the_prefix_of_current_hashes_contains_their_parameters() {
        assert_eq!(hasher(|_| ()).current_prefix(), "$argon2id$v=19$m=19456,t=2,p=1$");
    }

    #[tokio::test]
    async fn a_password_is_right_outdated_or_wrong() {
        let hasher = hasher(|_| ());
        let stored = hasher.hash(&BackgroundJob, Lane::System, &password(), [7; 16]).await.unwrap();
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
            (Some(&PasswordHash::none()), "", Verdict::Wrong, false),
            (None, "correct horse battery", Verdict::Wrong, false),
        ] {
            let verified = hasher.verify(&BackgroundJob, Lane::System, &password.into(), hash).await.unwrap();
            assert_eq!((verified.verdict, verified.too_costly.is_some()), (verdict, is_too_costly));
        }
        // The number of compared forms depends on the typed password, not on the account.
        let accented = Password::new("caf\u{E9} cr\u{E8}me".into()).unwrap();
        let stored = hasher.hash(&BackgroundJob, Lane::System, &accented, [7; 16]).await.unwrap();
        for (hash, typed, forms_compared) in [
            (Some(&stored), "caf\u{E9} cr\u{E8}me", 1),
            (Some(&stored), "cafe\u{301} cre\u{300}me", 2),
            (Some(&stored), "cafe\u{301} cre\u{300}mes", 2),
            (None, "cafe\u{301} cre\u{300}me", 2),
        ] {
            let verified = hasher.verify(&BackgroundJob, Lane::System, &typed.into(), hash).await.unwrap();
            assert_eq!(verified.forms_compared, forms_compared, "{typed:?}");
        }
        assert!(
            !hasher.estimate(&BackgroundJob, &broken).await.unwrap()
                && hasher.estimate(&BackgroundJob, &bcrypt).await.unwrap()
        );
    }

    /// Hashes of clients that hung up are not computed, and a full queue admits another address.
    #[tokio::test]
    async fn hashes_are_only_computed_for_callers_that_wait() {
        let hasher = hasher(|config| (config.queue, config.queue_per_address) = (40, 30));
        let password = password();
        let hash = |lane| hasher.hash(&BackgroundJob, lane, &password, [7; 16]);
        // The thread may or may not have taken the first job yet.
        let mut flood: Vec<_> = (0..40).map(|_| Box::pin(hash(address(1)))).collect();
        let mut refused = 0;
        for caller in &mut flood {
            match caller.as_mut().now_or_never() {
                None => {}
                Some(Err(Error::Unavailable { .. })) => refused += 1,
                Some(other) => panic!("{other:?}"),
            }
        }
        assert!((1..=10).contains(&refused), "an address may queue 30 of 40: {refused}");
        let other = hash(address(2)).await;
        assert!(other.is_ok());
        drop(flood);
        assert!(hash(address(1)).await.is_ok());
        // There were 42 callers.
        let hashed = 42 - refused - hasher.metrics.abandoned_count();
        assert!((3..=8).contains(&hashed), "{hashed}");
    }
}
