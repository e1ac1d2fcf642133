//! Watches the server during the attacks: its memory, the size of its database, and whether a legitimate client is served.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::client::Client;
use super::limits;
use super::target::Target;

/// Pause between two measurements of the memory, and between two queries of `{__typename}`.
const INTERVAL: Duration = Duration::from_millis(50);
/// Queries for each login: 200 logins a minute, a third of the rate limit of an address.
const QUERIES_PER_LOGIN: u32 = 6;
/// Failures of the legitimate client that are reported for each phase.
const MAX_REPORTED: usize = 3;

#[derive(Default)]
struct Observations {
    phase: &'static str,
    /// The size of the database at the start of the phase, in bytes.
    database_size: u64,
    served: usize,
    slowest_query: Duration,
    slowest_login: Duration,
    failures_of_phase: Vec<String>,
    failures: Vec<String>,
}

/// The legitimate client and the measurements run on separate threads, so that the attackers' tasks do not delay them.
pub(crate) struct Watch {
    process: u32,
    observations: Arc<Mutex<Observations>>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Watch {
    pub(crate) fn start(target: &Target, process: u32) -> Self {
        let observations = Arc::new(Mutex::new(Observations::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, is_over, url) = (Arc::clone(&observations), Arc::clone(&over), target.url.clone());
        let client = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(run_client(&url, &shared, &is_over));
        });
        let is_over = Arc::clone(&over);
        let memory = std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                if peak_memory(process) > limits::KILL_AT {
                    is_over.store(true, Ordering::Relaxed);
                    kill(process);
                }
                std::thread::sleep(INTERVAL);
            }
        });
        Self { process, observations, over, threads: vec![client, memory] }
    }

    /// Starts a phase and resets the peak of the memory to the current use.
    pub(crate) fn phase(&self, name: &'static str, folder: &Path) {
        std::fs::write(format!("/proc/{}/clear_refs", self.process), "5").expect("the peak is reset");
        let mut observations = self.observations.lock().unwrap_or_else(PoisonError::into_inner);
        observations.phase = name;
        observations.database_size = database_size(folder);
    }

    /// Reports the phase and returns whether the test is over.
    pub(crate) fn end_of_phase(&self, target: &Target, folder: &Path) -> bool {
        let over = self.is_over();
        let mut observations = self.observations.lock().unwrap_or_else(PoisonError::into_inner);
        let (phase, peak) = (observations.phase, peak_memory(self.process));
        let of_phase = std::mem::take(&mut observations.failures_of_phase);
        if over {
            observations.failures.push(format!(
                "{phase}: the process ended, or was killed at more than {} MB",
                limits::KILL_AT / 1000
            ));
        } else if peak > limits::MEMORY {
            observations.failures.push(format!("{phase}: the process used {} MB", peak / 1000));
        }
        let (attackers, unexpected) = target.tally.take();
        observations.failures.extend(unexpected.into_iter().map(|failure| format!("{phase}: {failure}")));
        let growth = database_size(folder).saturating_sub(observations.database_size);
        if growth > limits::DATABASE_GROWTH {
            observations.failures.push(format!("{phase}: the database grew by {} MB", growth / 1_000_000));
        }
        println!(
            "{phase}: memory at most {} MB, database {} KiB more, attackers {}; served {} times, slowest query {:.2?}, slowest login {:.2?}, {} failures",
            peak / 1000,
            growth / 1024,
            attackers,
            observations.served,
            observations.slowest_query,
            observations.slowest_login,
            of_phase.len(),
        );
        let omitted = of_phase.len().saturating_sub(MAX_REPORTED);
        observations
            .failures
            .extend(of_phase.into_iter().take(MAX_REPORTED).map(|failure| format!("{phase}: {failure}")));
        if omitted > 0 {
            observations.failures.push(format!("{phase}: and {omitted} more failures"));
        }
        let failures = std::mem::take(&mut observations.failures);
        *observations = Observations { failures, ..Observations::default() };
        over
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || peak_memory(self.process) == 0
    }

    /// Stops the threads and returns all failures.
    pub(crate) fn stop(self) -> Vec<String> {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("the thread ends");
        }
        let mut observations = self.observations.lock().unwrap_or_else(PoisonError::into_inner);
        // Failures of requests that were in flight at the end of the last phase.
        let last = std::mem::take(&mut observations.failures_of_phase);
        std::mem::take(&mut observations.failures).into_iter().chain(last).collect()
    }
}

/// Sends queries and logins as the legitimate client until the test is over.
async fn run_client(url: &str, observations: &Mutex<Observations>, over: &AtomicBool) {
    let client = Client::new(url);
    let queries = async {
        while !over.load(Ordering::Relaxed) {
            let phase = current_phase(observations);
            let (failure, elapsed) = client.query().await;
            record(observations, phase, failure, |o| o.slowest_query = o.slowest_query.max(elapsed));
            sleep(INTERVAL).await;
        }
    };
    let logins = async {
        while !over.load(Ordering::Relaxed) {
            let phase = current_phase(observations);
            let (failure, elapsed) = client.log_in().await;
            record(observations, phase, failure, |o| o.slowest_login = o.slowest_login.max(elapsed));
            sleep(INTERVAL * QUERIES_PER_LOGIN).await;
        }
    };
    tokio::join!(queries, logins);
}

fn current_phase(observations: &Mutex<Observations>) -> &'static str {
    observations.lock().unwrap_or_else(PoisonError::into_inner).phase
}

/// Records the outcome of a request that was sent during `phase`.
fn record(
    observations: &Mutex<Observations>,
    phase: &str,
    failure: Option<String>,
    update_slowest: impl FnOnce(&mut Observations),
) {
    let mut observations = observations.lock().unwrap_or_else(PoisonError::into_inner);
    observations.served += usize::from(failure.is_none());
    observations.failures_of_phase.extend(failure.map(|failure| format!("sent during {phase:?}: {failure}")));
    update_slowest(&mut observations);
}

/// The peak memory of a process (VmHWM) without the pages of files (RssFile), in KiB; 0 when the process has ended. Pages
/// of files are the program itself; the kernel can drop them at any time.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
    };
    kib("VmHWM:").saturating_sub(kib("RssFile:"))
}

fn kill(process: u32) {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw).expect("an id");
    // An error means that the process has already ended.
    let _has_ended = kill_process(id, Signal::KILL);
}

/// The size of the embedded database, in bytes.
fn database_size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder.join("data")).expect("the data folder exists");
    let names = files.map(|file| file.expect("a file"));
    let database = names.filter(|file| file.file_name().to_string_lossy().contains(".db"));
    database.map(|file| file.metadata().map_or(0, |data| data.len())).sum()
}
