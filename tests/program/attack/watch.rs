//! Watches the server while it is attacked: its memory, and whether another client is served.

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

/// How often memory is looked at, and `{__typename}` is asked.
const EVERY: Duration = Duration::from_millis(50);
/// So many queries to one login: 200 logins a minute, a third of what one address may.
const QUERIES_PER_LOGIN: u32 = 6;
/// Failures of a phase that are told, of each kind.
const TOLD: usize = 3;

#[derive(Default)]
struct Seen {
    phase: &'static str,
    /// What the database held at its beginning, in bytes.
    stored: u64,
    served: usize,
    slowest_query: Duration,
    slowest_login: Duration,
    failures_of_phase: Vec<String>,
    failures: Vec<String>,
}

/// The other client and the measuring, on a thread of their own: attackers don't delay them here.
pub(crate) struct Watch {
    process: u32,
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Watch {
    pub(crate) fn start(target: &Target, process: u32) -> Self {
        let (seen, over) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (seen_there, over_there, url) = (Arc::clone(&seen), Arc::clone(&over), target.url.clone());
        let client = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(be_served(&url, &seen_there, &over_there));
        });
        let over_there = Arc::clone(&over);
        let memory = std::thread::spawn(move || {
            while !over_there.load(Ordering::Relaxed) {
                if peak(process) > limits::ENOUGH {
                    over_there.store(true, Ordering::Relaxed);
                    kill(process);
                }
                std::thread::sleep(EVERY);
            }
        });
        Self { process, seen, over, threads: vec![client, memory] }
    }

    /// A phase begins: the peak of the memory starts again at what is in use.
    pub(crate) fn phase(&self, name: &'static str, folder: &Path) {
        std::fs::write(format!("/proc/{}/clear_refs", self.process), "5").expect("the peak starts again");
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.phase = name;
        seen.stored = stored(folder);
    }

    /// Reports the phase; whether the test is over.
    pub(crate) fn end_of_phase(&self, target: &Target, folder: &Path) -> bool {
        let over = self.is_over();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (phase, peak, wrong) =
            (seen.phase, peak(self.process), std::mem::take(&mut seen.failures_of_phase));
        if over {
            seen.failures.push(format!(
                "{phase}: the process ended, or was killed at more than {} MB",
                limits::ENOUGH / 1000
            ));
        } else if peak > limits::MEMORY {
            seen.failures.push(format!("{phase}: the process took {} MB", peak / 1000));
        }
        let (attackers, unexpected) = target.tally.take();
        seen.failures.extend(unexpected.into_iter().map(|what| format!("{phase}: {what}")));
        let grown = stored(folder).saturating_sub(seen.stored);
        if grown > limits::STORED {
            seen.failures.push(format!("{phase}: the database grew by {} MB", grown / 1_000_000));
        }
        println!(
            "{phase}: memory at most {} MB, database {} KiB more, attackers {}; served {} times, slowest query {:.2?}, slowest login {:.2?}, {} failures",
            peak / 1000,
            grown / 1024,
            attackers,
            seen.served,
            seen.slowest_query,
            seen.slowest_login,
            wrong.len(),
        );
        let left = wrong.len().saturating_sub(TOLD);
        seen.failures.extend(wrong.into_iter().take(TOLD).map(|failure| format!("{phase}: {failure}")));
        if left > 0 {
            seen.failures.push(format!("{phase}: and {left} more failures"));
        }
        *seen = Seen { failures: std::mem::take(&mut seen.failures), ..Seen::default() };
        over
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) || peak(self.process) == 0
    }

    /// Ends it; what failed.
    pub(crate) fn stop(self) -> Vec<String> {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("it ends");
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What the other client was still waiting for at the end of the last phase.
        let last = std::mem::take(&mut seen.failures_of_phase);
        std::mem::take(&mut seen.failures).into_iter().chain(last).collect()
    }
}

async fn be_served(url: &str, seen: &Mutex<Seen>, over: &AtomicBool) {
    let client = Client::new(url);
    let queries = async {
        while !over.load(Ordering::Relaxed) {
            let begun = phase_of(seen);
            let (wrong, took) = client.query().await;
            note(seen, begun, wrong, |seen| seen.slowest_query = seen.slowest_query.max(took));
            sleep(EVERY).await;
        }
    };
    let logins = async {
        while !over.load(Ordering::Relaxed) {
            let begun = phase_of(seen);
            let (wrong, took) = client.log_in().await;
            note(seen, begun, wrong, |seen| seen.slowest_login = seen.slowest_login.max(took));
            sleep(EVERY * QUERIES_PER_LOGIN).await;
        }
    };
    tokio::join!(queries, logins);
}

fn phase_of(seen: &Mutex<Seen>) -> &'static str {
    seen.lock().unwrap_or_else(PoisonError::into_inner).phase
}

fn note(seen: &Mutex<Seen>, begun: &str, wrong: Option<String>, time: impl FnOnce(&mut Seen)) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.served += usize::from(wrong.is_none());
    seen.failures_of_phase.extend(wrong.map(|wrong| format!("begun during {begun:?}: {wrong}")));
    time(&mut seen);
}

/// The most memory that a process has had (VmHWM), in KiB; 0 when it is gone.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

fn kill(process: u32) {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw).expect("an id");
    // It may have ended by itself.
    let _gone = kill_process(id, Signal::KILL);
}

/// Bytes of the embedded database.
fn stored(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder.join("data")).expect("the data folder is there");
    let names = files.map(|file| file.expect("a file"));
    let database = names.filter(|file| file.file_name().to_string_lossy().contains(".db"));
    database.map(|file| file.metadata().map_or(0, |data| data.len())).sum()
}
