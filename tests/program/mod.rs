//! The program itself, serving on loopback, for tests that drive it from outside.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A server that is stopped by its id, whatever the test does.
pub(crate) struct Program {
    pub(crate) child: Child,
    log: PathBuf,
    /// Where it answers.
    pub(crate) url: String,
}

impl Program {
    /// Starts it in this folder, with no settings but these, and waits for its banner.
    pub(crate) async fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let log = folder.join("log");
        let mut command = Command::new(path());
        command
            .env_clear()
            .current_dir(folder)
            .args(["serve", "--migrate", "--listen", "127.0.0.1:0"])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            // Nobody reads it while the server runs, and a full pipe would stop it.
            .stderr(std::fs::File::create(&log).expect("the log is made"))
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the program runs");
        let mut banner = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut url = None;
        while let Some(line) = banner.next_line().await.expect("it is text") {
            if let Some((_, address)) = line.split_once(" on http://") {
                url = Some(format!("http://{address}"));
            }
            // The last line that is always there: it tells of the admin only when it has just made one.
            if line.trim_start().starts_with("mail") {
                break;
            }
        }
        let url = url.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(&log).unwrap_or_default()));
        Self { child, log, url }
    }

    /// Stops it; what it logged.
    pub(crate) async fn stop(mut self) -> String {
        self.child.kill().await.expect("the server is stopped");
        std::fs::read_to_string(&self.log).expect("the log is read")
    }
}

/// The program: the one that was built for the tests, or, where `PATRON_TEST_PROGRAM` says so, another build.
pub(crate) fn path() -> OsString {
    std::env::var_os("PATRON_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_patron").into())
}

/// The URL of an SQLite database in this folder.
pub(crate) fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("patron.db").display())
}
