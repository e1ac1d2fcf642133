//! The phases of a stop.
//!
//! 1. SIGTERM begins the drain: readiness fails and connections end with their next response, but requests are still served.
//!    Load balancers send further requests to other instances.
//! 2. After `PATRON_DRAIN`, or at once after SIGINT, the listening socket is closed. Running requests, mails and webhooks may
//!    finish within the shutdown timeout.
//! 3. The database is closed, and the last spans are exported.
//!
//! All of it has one deadline. A second signal exits immediately, in every phase.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit::CommandFailure;
use crate::app::App;
use crate::clock::Timer;

/// The time for closing the database and exporting the last spans.
const CLOSING: Duration = Duration::from_secs(2);

/// The signal that stops the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopSignal {
    /// SIGTERM, from a supervisor.
    Terminate,
    /// SIGINT, from a terminal.
    Interrupt,
}

/// The handlers of SIGTERM and SIGINT. They are installed before the banner reports that the server is up: without them,
/// a signal kills the program immediately.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Installs the handlers.
    pub(super) fn catch() -> Result<Self, CommandFailure> {
        let catch = |kind| signal(kind).map_err(|error| CommandFailure::Internal(error.to_string()));
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    /// Waits for the next signal.
    async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        }
    }
}

/// Waits for a signal, drains, and sets `stop`. `stopping` is set at the same time. Exits the process at the next signal, or
/// at the deadline of the stop.
pub(super) async fn stop_at_signal(
    app: Arc<App>,
    mut signals: Signals,
    stop: watch::Sender<bool>,
    stopping: Arc<OnceLock<Timer>>,
) {
    let server = &app.config.server;
    let drain = match signals.next().await {
        StopSignal::Terminate => server.drain,
        StopSignal::Interrupt => Duration::ZERO,
    };
    exit_after(drain + server.shutdown_timeout + CLOSING);
    app.drain.send_replace(true);
    if !drain.is_zero() {
        tracing::info!(drain_s = drain.as_secs(), "draining: not ready any more, requests are still served");
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            _ = signals.next() => exit_at_once(),
        }
    }
    stopping.get_or_init(Timer::start);
    tracing::info!("stopping: no new connections, running requests finish");
    stop.send_replace(true);
    signals.next().await;
    exit_at_once();
}

/// Runs a command that leaves nothing behind when it is dropped: at SIGTERM and SIGINT it deletes its temporary files.
pub(super) async fn unless_interrupted<T>(
    command: impl Future<Output = Result<T, CommandFailure>>,
) -> Result<T, CommandFailure> {
    let mut signals = Signals::catch()?;
    tokio::select! {
        outcome = command => outcome,
        _ = signals.next() => Err(CommandFailure::Refused("interrupted before it was complete".to_owned())),
    }
}

fn exit_at_once() -> ! {
    tracing::warn!("a second signal: stopping at once");
    std::process::exit(1);
}

/// Exits the process after this time. A thread and not a task: at its end, the runtime waits without a limit for system
/// calls that block, such as those of a file system that does not respond.
fn exit_after(limit: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        tracing::error!(limit_s = limit.as_secs(), "the stop has exceeded its deadline; exiting");
        std::process::exit(1);
    });
}
