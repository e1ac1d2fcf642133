//! Password hashing with argon2id (RFC 9106), on separate threads.
//!
//! While EverShop uses the same database, new hashes are bcrypt, which is all that EverShop can verify.
//!
//! The number of running and waiting hashes and their memory are limited. When the queue is full, a request is refused as
//! unavailable. A hash whose caller hung up is not computed.
//!
//! Login timing: a refused login must take the same time whether or not the account exists. A login without a stored hash
//! verifies a dummy hash. Hashes of other systems take another time, so a refused login is delayed until the slowest of
//! them would have been verified ([`PasswordHasher::equalize_latency`]).

mod algorithm;
mod compare;
mod memory;
mod queue;
mod stored;
mod threads;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::Params;
use secrecy::SecretString;
use tokio::sync::oneshot;

pub use compare::Verdict;
pub use queue::Lane;
pub use stored::{TooCostly, UnusableHash};

use crate::clock::Timer;
use crate::config::{HashingConfig, PasswordHashes};
use crate::db::{Database, NoTransaction, Sharing, ensure_no_transaction};
use crate::error::{Error, Result};
use crate::telemetry::metrics::HashingMetrics;
use crate::types::{Password, PasswordHash, WeakPassword};

use algorithm::HashAlgorithm;
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

/// Hashes and verifies passwords, never on a thread of the async runtime.
#[derive(Debug)]
pub struct PasswordHasher {
    /// The parameters of argon2id, whose memory each thread keeps.
    params: Params,
    bounds: CostBounds,
    /// The algorithm of new hashes, as set.
    setting: PasswordHashes,
    argon2id: HashScheme,
    bcrypt: HashScheme,
    /// The database that tells whether EverShop verifies the same hashes.
    database: OnceLock<Database>,
    /// The time of the slowest verified hash with other parameters than the current ones, in microseconds.
    slowest: Arc<AtomicU64>,
    queue: Arc<HashQueue>,
    /// The metrics of hashing.
    pub metrics: HashingMetrics,
}

/// An algorithm of new hashes.
#[derive(Debug)]
struct HashScheme {
    algorithm: HashAlgorithm,
    /// Verified if an account doesn't exist, so that the login takes the same time.
    dummy_hash: PasswordHash,
}

impl HashScheme {
    fn new(algorithm: HashAlgorithm) -> argon2::Result<Self> {
        Ok(Self { dummy_hash: algorithm.dummy_hash()?, algorithm })
    }
}

impl PasswordHasher {
    /// Creates a hasher with these parameters and starts its threads.
    ///
    /// # Errors
    /// Parameters that argon2 refuses, for example more lanes than an eighth of the memory in KiB. Threads that the
    /// operating system can't start.
    pub fn new(config: &HashingConfig) -> std::result::Result<Self, HasherError> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)?;
        let argon2id = HashScheme::new(HashAlgorithm::Argon2id(params.clone()))?;
        let bcrypt = HashScheme::new(HashAlgorithm::Bcrypt(config.bcrypt_cost))?;
        let spare_kib = config.spare_kib();
        let bounds = CostBounds::new(&params, spare_kib, config.bcrypt_max_cost);
        let max = config.threads.get().saturating_add(config.queue);
        let queue =
            Arc::new(HashQueue::new(QueueLimits { max, per_address: config.queue_per_address, spare_kib }));
        threads::start(config.threads.get(), &queue)?;
        let metrics = queue.metrics.clone();
        let (setting, database, slowest) = (config.algorithm, OnceLock::new(), Arc::new(AtomicU64::new(0)));
        Ok(Self { params, bounds, setting, argon2id, bcrypt, database, slowest, queue, metrics })
    }

    /// Lets the state of this database decide about the algorithm of new hashes, if no setting does. Only the first call has
    /// an effect.
    pub fn follow(&self, db: &Database) {
        self.database.get_or_init(|| db.clone());
    }

    /// Whether new hashes are bcrypt, as far as the database is known.
    pub fn creates_bcrypt(&self) -> bool {
        self.is_bcrypt(self.database.get().map_or(Sharing::Own, Database::sharing))
    }

    fn is_bcrypt(&self, sharing: Sharing) -> bool {
        match self.setting {
            PasswordHashes::Auto => sharing == Sharing::Shared,
            PasswordHashes::Bcrypt => true,
            PasswordHashes::Argon2id => false,
        }
    }

    /// The algorithm of new hashes. Reads who uses the database, if that is not known.
    async fn scheme(&self) -> Result<&HashScheme> {
        let sharing = match self.database.get() {
            Some(db) if self.setting == PasswordHashes::Auto => db.known_sharing().await?,
            _ => Sharing::Own,
        };
        Ok(if self.is_bcrypt(sharing) { &self.bcrypt } else { &self.argon2id })
    }

    /// Checks a new password against the limit of the algorithm.
    ///
    /// # Errors
    /// [`WeakPassword::TooLongForBcrypt`] if it would be hashed with bcrypt, which ignores the end of long passwords.
    pub fn check(&self, password: Password) -> std::result::Result<Password, WeakPassword> {
        if self.creates_bcrypt() && !password.fits_bcrypt() {
            return Err(WeakPassword::TooLongForBcrypt);
        }
        Ok(password)
    }

    /// Records the length of the queue in the metrics.
    pub fn record_queue(&self) {
        self.metrics.record(self.queue.length());
    }

    /// Hashes a password with this salt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many hashes are waiting, in total or for the caller's address. [`Error::Invalid`] if the
    /// algorithm would ignore the end of the password.
    pub async fn hash(
        &self,
        outside: &impl NoTransaction,
        lane: Lane,
        password: &Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash> {
        self.rehash(outside, lane, password.secret(), salt).await
    }

    /// Hashes a password that was just verified. The password may be older than the rules for new passwords, and violate
    /// them.
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
        let (algorithm, password) = (self.scheme().await?.algorithm.clone(), password.clone());
        self.run(outside, lane, 0, move |memory| algorithm.hash(password, salt, memory)).await?
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
        let HashScheme { algorithm, dummy_hash } = self.scheme().await?;
        let bounds = self.bounds.including(algorithm);
        let stored = Stored::parse(hash.unwrap_or(dummy_hash).expose(), bounds);
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
            is_current: stored.as_ref().is_some_and(|stored| stored.is_current(algorithm)),
            is_normalizing: matches!(algorithm, HashAlgorithm::Argon2id(_)),
            has_current_cost: stored.as_ref().is_some_and(|stored| stored.has_cost_of(algorithm)),
            stored,
            dummy_hash: Stored::parse(dummy_hash.expose(), bounds).map_err(Error::internal)?,
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

    /// The prefixes of hashes with the current parameters. Hashes with another prefix take another time to verify.
    pub fn current_prefixes(&self) -> Vec<String> {
        if self.creates_bcrypt() {
            self.bcrypt.algorithm.prefixes()
        } else {
            self.argon2id.algorithm.prefixes()
        }
    }

    /// Measures how long verifying this hash takes, for [`equalize_latency`](Self::equalize_latency). Returns false if it
    /// can't be verified.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn estimate(&self, outside: &impl NoTransaction, hash: &PasswordHash) -> Result<bool> {
        let bounds = self.bounds.including(&self.scheme().await?.algorithm);
        let is_verifiable = Stored::parse(hash.expose(), bounds).is_ok();
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

#[cfg(test)]
mod tests {
    use super::{
        Error, HashingConfig, Lane, Password, PasswordHash, PasswordHasher, PasswordHashes, Verdict,
    };
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
        assert_eq!(hasher(|_| ()).current_prefixes(), ["$argon2id$v=19$m=19456,t=2,p=1$"]);
        let bcrypt = hasher(|config| config.algorithm = PasswordHashes::Bcrypt);
        assert_eq!(bcrypt.current_prefixes(), ["$2a$10$", "$2b$10$", "$2y$10$"]);
    }

    #[tokio::test]
    async fn a_password_is_right_outdated_or_wrong() {
        let hasher = hasher(|_| ());
        let stored = hasher.hash(&BackgroundJob, Lane::System, &password(), [7; 16]).await.unwrap();
        let bcrypt = bcrypt::hash_with_result("correct horse battery", 4).unwrap();
        let bcrypt = PasswordHash::new(bcrypt.format_for_version(bcrypt::Version::TwoB));
        let salt_and_hash = stored.expose().trim_start_matches("$argon2id$v=19$m=19456,t=2,p=1");
        let broken = PasswordHash::new(format!("$argon2id$v=19$m=2097152,t=2,p=1{salt_and_hash}"));
        let dummy_hash = hasher.argon2id.dummy_hash.clone();
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

    /// bcrypt hashes the typed bytes. Hashes of both algorithms verify, and none of them is outdated.
    #[tokio::test]
    async fn with_bcrypt_typed_bytes_are_hashed_and_no_hash_is_outdated() {
        let argon2id = hasher(|_| ());
        let hasher =
            hasher(|config| (config.algorithm, config.bcrypt_max_cost) = (PasswordHashes::Bcrypt, 4));
        let typed = "cafe\u{301} cre\u{300}me";
        let decomposed = Password::new(typed.into()).unwrap();
        let stored = hasher.hash(&BackgroundJob, Lane::System, &decomposed, [7; 16]).await.unwrap();
        assert!(stored.expose().starts_with("$2b$10$") && bcrypt::verify(typed, stored.expose()).unwrap());
        let older = argon2id.hash(&BackgroundJob, Lane::System, &password(), [7; 16]).await.unwrap();
        let dummy_hash = hasher.bcrypt.dummy_hash.clone();
        for (hash, password, verdict) in [
            (Some(&stored), typed, Verdict::Right),
            (Some(&stored), "caf\u{E9} cr\u{E8}me", Verdict::Wrong),
            (Some(&older), "correct horse battery", Verdict::Right),
            (Some(&dummy_hash), typed, Verdict::Wrong),
            (None, typed, Verdict::Wrong),
        ] {
            let verified = hasher.verify(&BackgroundJob, Lane::System, &password.into(), hash).await.unwrap();
            assert_eq!(verified.verdict, verdict, "{hash:?} {password}");
        }
        for (length, fits) in [(72, true), (73, false)] {
            let password = Password::new("x1".repeat(40)[..length].into()).unwrap();
            let hashed = hasher.hash(&BackgroundJob, Lane::System, &password, [7; 16]).await;
            assert_eq!((hashed.is_ok(), hasher.check(password).is_ok()), (fits, fits), "{hashed:?}");
        }
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
