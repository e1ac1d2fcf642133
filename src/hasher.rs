//! Password hashing: on threads of its own kind, a bounded number at once and a bounded number waiting.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{RecvTimeoutError, Sender, unbounded};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, oneshot};

use crate::config::HashingConfig;
use crate::db::{NoTransaction, ensure_outside};
use crate::error::{Error, Result};
use crate::metrics::{HashingMetrics, Waiting};
use crate::system::Stopwatch;
use crate::types::{Password, PasswordHash};

/// The dearest stored hash that is verified: 1 GiB and 16 passes. A hash that asks for more was not made by
/// a sane system, and verifying it would be a way to bring this one down.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_ITERATIONS: u32 = 16;

/// The dearest bcrypt hash that is verified: its cost is the logarithm of the work. 15 takes some seconds.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=15;

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
pub struct Hasher {
    params: Params,
    /// Verified in place of the hash of an account that doesn't exist, so that both take the same time.
    decoy: PasswordHash,
    /// How long the slowest hash took that is not as those that are made now, in microseconds.
    slowest: Arc<AtomicU64>,
    places: Arc<Semaphore>,
    /// How many there are.
    most: usize,
    jobs: Sender<Job>,
    /// What is measured of it.
    pub metrics: HashingMetrics,
}

/// A hash to be made or verified, in the memory of a thread.
type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// The memory that a hash is made in, kept for the next one: to have it given anew, and filled with zeros, for each is
/// a fifth of its time.
#[derive(Default)]
struct Memory(Vec<Block>);

impl Memory {
    /// Fills `hash` with what comes of a password.
    fn fill(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> argon2::Result<()> {
        let count = argon2.params().block_count();
        if let Some(missing) = count.checked_sub(self.0.len()) {
            self.0.try_reserve_exact(missing).map_err(|_| argon2::Error::OutOfMemory)?;
            self.0.resize(count, Block::new());
        }
        argon2.hash_password_into_with_memory(password, salt, hash, &mut self.0[..count])
    }

    /// Keeps no more than this for the next one: a stored hash may ask for a lot.
    fn shrink(&mut self, count: usize) {
        if self.0.len() > count {
            self.0.truncate(count);
            self.0.shrink_to_fit();
        }
    }
}

/// After how long without anything to hash a thread frees its memory.
const REST: Duration = Duration::from_millis(1200);
/// How often it does, until it only waits.
const RESTS: u32 = 3;
/// What makes the allocator look for memory to give back, in bytes.
const NUDGE: usize = 4 * 1024 * 1024;
/// Length of a hash, in bytes.
const HASH_LENGTH: usize = 32;

impl Hasher {
    /// A hasher with these parameters.
    ///
    /// # Errors
    /// Parameters that argon2 refuses: more lanes than an eighth of the memory in KiB, say. No more threads to be had.
    pub fn new(config: &HashingConfig) -> std::result::Result<Self, HasherError> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)?;
        let decoy = phc(&params, &[0; 16], &[0; HASH_LENGTH])?;
        let most = config.threads.get() + config.queue;
        Ok(Self {
            params,
            decoy,
            slowest: Arc::new(AtomicU64::new(0)),
            places: Arc::new(Semaphore::new(most)),
            most,
            jobs: start_threads(config.threads.get())?,
            metrics: HashingMetrics::default(),
        })
    }

    /// Notes in the metrics how long the queue is.
    pub fn note_queue(&self) {
        let waiting = self.jobs.len();
        let taken = self.most.saturating_sub(self.places.available_permits());
        let running = taken.saturating_sub(waiting);
        self.metrics.note(Waiting { waiting, running, most: self.most });
    }

    /// Hashes a password with this salt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many hashes are waiting.
    pub async fn hash(
        &self,
        outside: &impl NoTransaction,
        password: &Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash> {
        self.rehash(outside, password.secret(), salt).await
    }

    /// Hashes a password that was just verified, and so may be older than the rules for new ones.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn rehash(
        &self,
        outside: &impl NoTransaction,
        password: &SecretString,
        salt: [u8; 16],
    ) -> Result<PasswordHash> {
        let (params, password) = (self.params.clone(), password.clone());
        self.run(outside, move |memory| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut hash = [0; HASH_LENGTH];
            memory
                .fill(&argon2, password.expose_secret().as_bytes(), &salt, &mut hash)
                .map_err(Error::internal)?;
            phc(argon2.params(), &salt, &hash).map_err(Error::internal)
        })
        .await?
    }

    /// Whether the password is the one that was hashed. Without a hash it is wrong, after the same time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many hashes are waiting.
    pub async fn verify(
        &self,
        outside: &impl NoTransaction,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<Verified> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).clone();
        let (password, params) = (password.clone(), self.params.clone());
        let (slowest, decoy, usual) = (Arc::clone(&self.slowest), self.decoy.clone(), self.usual_prefix());
        let mut verified = self
            .run(outside, move |memory| {
                let watch = Stopwatch::start();
                let verdict = verdict(&password, &hash, &params, memory);
                let is_usual = hash.expose().starts_with(&usual);
                if !is_usual {
                    // So that it takes no less than one of an account that doesn't exist.
                    let _same_work = self::verdict(&password, &decoy, &params, memory);
                }
                let took = watch.elapsed();
                if !is_usual {
                    let micros = took.min(LONGEST_PAUSE).as_micros();
                    slowest.fetch_max(micros.try_into().unwrap_or_default(), Ordering::Relaxed);
                }
                Verified { verdict, took }
            })
            .await?;
        if !known {
            verified.verdict = Verdict::Wrong;
        }
        Ok(verified)
    }

    /// Waits as long as a login that is refused has to, so that accounts with hashes of another system, which take
    /// another time, can't be told from the rest: as if the slowest of them had been verified.
    pub async fn level(&self, _outside: &impl NoTransaction, took: Duration) {
        let slowest = Duration::from_micros(self.slowest.load(Ordering::Relaxed));
        if let Some(rest) = slowest.checked_sub(took) {
            tokio::time::sleep(rest).await;
        }
    }

    /// How the hashes begin that are made now: others take another time.
    pub fn usual_prefix(&self) -> String {
        let end = self.decoy.expose().match_indices('$').nth(3).map_or(0, |(at, _)| at + 1);
        self.decoy.expose()[..end].to_owned()
    }

    /// Finds out what verifying this hash takes, for [`level`](Self::level).
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn learn(&self, outside: &impl NoTransaction, hash: &PasswordHash) -> Result<()> {
        self.verify(outside, &SecretString::from("not the password"), Some(hash)).await?;
        Ok(())
    }

    async fn run<T: Send + 'static>(
        &self,
        _outside: &impl NoTransaction,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        ensure_outside("hashing a password")?;
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .inspect_err(|_| self.metrics.rejected())
            .map_err(|_| Error::unavailable("too many passwords are waiting to be hashed"))?;
        let (sender, outcome) = oneshot::channel();
        let (kept, metrics, queued) = (self.params.block_count(), self.metrics.clone(), Stopwatch::start());
        let job = move |memory: &mut Memory| {
            // The place goes along: a client that hangs up does not end the work it started.
            let _place = place;
            let waited = queued.elapsed();
            let hashed = work(memory);
            metrics.hashed(waited, queued.elapsed().saturating_sub(waited));
            // An error means that nobody waits any more.
            let _given_up = sender.send(hashed);
            memory.shrink(kept);
        };
        self.jobs.send(Box::new(job)).map_err(Error::internal)?;
        outcome.await.map_err(Error::internal)
    }
}

/// Starts the threads that hash, which end with the hasher. They yield to everything else: a hash keeps a processor busy
/// for some ten milliseconds, and whoever only reads need not notice.
fn start_threads(count: usize) -> std::io::Result<Sender<Job>> {
    // Those that wait are bounded by the places.
    let (sender, jobs) = unbounded::<Job>();
    for _ in 0..count {
        let jobs = jobs.clone();
        std::thread::Builder::new().name("hasher".to_owned()).spawn(move || {
            lower_priority();
            // It rests from the start, so that what starting took is given back as well.
            let (mut memory, mut rested) = (Memory::default(), 0);
            loop {
                let next = match rested {
                    RESTS => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    _ => jobs.recv_timeout(REST),
                };
                match next {
                    Ok(job) => {
                        rested = 0;
                        // Whoever waits for the job learns of a panic by its channel, and the thread goes on.
                        drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory))));
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        rested += 1;
                        memory = Memory::default();
                        // What was freed a second ago or earlier the allocator gives back to the system, once
                        // something else of that kind is freed.
                        drop(black_box(Vec::<u8>::with_capacity(NUDGE)));
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
    }
    Ok(sender)
}

/// A nice value of 10: a tenth of the time of whoever else wants the processor, and all of it when nobody does.
fn lower_priority() {
    // On Linux a thread has a priority of its own; elsewhere this would be the whole program's.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%error, "hashing goes on at the usual priority");
    }
}

/// A hash that another system made, or patron, as it may be stored: only one that could ever be verified.
///
/// # Errors
/// The text is no such hash.
pub fn parse_hash(text: &str) -> std::result::Result<PasswordHash, UnusableHash> {
    let usable = if is_bcrypt(text) {
        is_affordable_bcrypt(text) && bcrypt::HashParts::from_str(text).is_ok()
    } else {
        Phc::new(text).is_ok_and(|hash| {
            let params = Params::try_from(&hash);
            hash.algorithm == Algorithm::Argon2id.ident()
                && hash.salt.is_some()
                && hash.hash.is_some()
                && params.is_ok_and(|params| is_affordable(&params))
        })
    };
    if usable { Ok(PasswordHash::new(text.to_owned())) } else { Err(UnusableHash) }
}

/// The text is no hash that a password could be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Password hash must be argon2id ($argon2id$v=19$m=…, up to 1 GiB) or bcrypt ($2b$…, cost 4 to 15)")]
pub struct UnusableHash;

fn is_affordable(params: &Params) -> bool {
    params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_ITERATIONS
}

fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

fn is_affordable_bcrypt(hash: &str) -> bool {
    let cost = hash.split('$').nth(2).and_then(|cost| cost.parse().ok());
    cost.is_some_and(|cost| BCRYPT_COSTS.contains(&cost))
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

/// Whether the password is what this hash was made of, in whatever way of argon2's.
fn is_made_of(password: &[u8], hash: &Phc, params: Params, memory: &mut Memory) -> Option<bool> {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let mut found = vec![0; expected.len()];
    memory.fill(&Argon2::new(algorithm, version, params), password, salt.as_ref(), &mut found).ok()?;
    // In constant time, as this type compares.
    Some(Output::new(&found).ok()? == *expected)
}

fn verdict(password: &SecretString, hash: &PasswordHash, params: &Params, memory: &mut Memory) -> Verdict {
    let (text, password) = (hash.expose(), password.expose_secret().as_bytes());
    if is_bcrypt(text) {
        let right = is_affordable_bcrypt(text) && bcrypt::verify(password, text).unwrap_or(false);
        return if right { Verdict::Outdated } else { Verdict::Wrong };
    }
    let Ok(hash) = Phc::new(text) else {
        return Verdict::Wrong;
    };
    let Ok(found) = Params::try_from(&hash) else {
        return Verdict::Wrong;
    };
    let is_right = is_affordable(&found) && is_made_of(password, &hash, found.clone(), memory) == Some(true);
    if !is_right {
        return Verdict::Wrong;
    }
    let current = hash.algorithm == Algorithm::Argon2id.ident()
        && found.m_cost() >= params.m_cost()
        && found.t_cost() >= params.t_cost();
    if current { Verdict::Right } else { Verdict::Outdated }
}

#[cfg(test)]
mod tests {
    use super::{Hasher, HashingConfig, Params, PasswordHash, Verdict, parse_hash, verdict};

    fn verify(password: &str, hash: &str) -> Verdict {
        let params = Params::new(19 * 1024, 2, 1, None).unwrap();
        verdict(&password.into(), &PasswordHash::new(hash.to_owned()), &params, &mut super::Memory::default())
    }

    #[test]
    fn old_hashes_are_verified_and_called_outdated() {
        let hash = bcrypt::hash_with_result("correct horse", 4).unwrap();
        for hash in [
            hash.format_for_version(bcrypt::Version::TwoA),
            hash.format_for_version(bcrypt::Version::TwoB),
            hash.format_for_version(bcrypt::Version::TwoY),
        ] {
            assert_eq!(verify("correct horse", &hash), Verdict::Outdated, "{hash}");
            assert_eq!(verify("Correct horse", &hash), Verdict::Wrong, "{hash}");
        }
        let weak = "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0$";
        assert_eq!(verify("correct horse", weak), Verdict::Wrong);
    }

    #[test]
    fn hashes_that_are_made_now_are_known_by_their_beginning() {
        let config = HashingConfig {
            memory_kib: 19 * 1024,
            iterations: 2,
            parallelism: 1,
            threads: std::num::NonZeroUsize::MIN,
            queue: 1,
        };
        let hasher = Hasher::new(&config).unwrap();
        assert_eq!(hasher.usual_prefix(), "$argon2id$v=19$m=19456,t=2,p=1$");
    }

    /// Of all that a file may say of a hash, only what could be verified is taken.
    #[test]
    fn hashes_of_other_systems() {
        for (hash, usable) in [
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", true),
            ("$2b$16$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", false),
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW", false),
            (
                "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                true,
            ),
            (
                "$argon2id$v=19$m=2097152,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                false,
            ),
            (
                "$argon2i$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                false,
            ),
            ("$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA", false),
            ("", false),
            ("5f4dcc3b5aa765d61d8327deb882cf99", false),
        ] {
            assert_eq!(parse_hash(hash).is_ok(), usable, "{hash}");
        }
    }

    #[test]
    fn bcrypt_is_verified_up_to_a_cost() {
        for (cost, affordable) in [
            ("03", false),
            ("04", true),
            ("10", true),
            ("12", true),
            ("15", true),
            ("16", false),
            ("31", false),
        ] {
            let hash = format!("$2b${cost}$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy");
            assert_eq!(super::is_affordable_bcrypt(&hash), affordable, "{cost}");
        }
        // A hash that another program made (the test vectors of the bcrypt crate's own upstream, jBCrypt).
        let hash = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert_eq!(verify("a", hash), Verdict::Outdated);
    }

    /// A stored hash says what it costs to verify: one that asks for too much is none.
    #[test]
    fn the_price_of_a_stored_hash_is_bounded() {
        for hash in [
            "",
            "plain",
            "$2a$16$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$2b$03$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$2a$xx$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$2a$10$short",
            "$argon2id$v=19$m=2097152,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=4000000,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(verify("anything", hash), Verdict::Wrong, "{hash}");
        }
    }
}
