//! Other programs that a test runs.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use patron::clock::Timer;

/// The path of a program on PATH: the first of these names that exists.
pub(crate) fn tool(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        names.iter().flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)));
    candidates.find(|file| file.is_file()).unwrap_or_else(|| {
        panic!(
            "{} is not on PATH. `tests/run` installs what is missing on Debian; by hand: \
             apt-get install chromium nodejs npm (Node.js 20 or newer)",
            names.join(" or ")
        )
    })
}

/// Runs a command, which has to succeed, and returns its standard output.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A process and its descendants; they are stopped with this value, also when the test fails.
pub(crate) struct ProcessGroup(Child);

impl ProcessGroup {
    /// Starts the command as the leader of a new process group.
    pub(crate) fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt;
        Self(command.process_group(0).stdin(Stdio::null()).spawn().expect("the program runs"))
    }

    /// Whether the process ends with success within the timeout.
    pub(crate) fn succeeds_within(&mut self, timeout: Duration) -> bool {
        let timer = Timer::start();
        while timer.elapsed() < timeout {
            if let Some(status) = self.0.try_wait().expect("the process can be waited for") {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Errors mean that the process has already ended.
        let group = format!("-{}", self.0.id());
        let _ended = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        if !self.succeeds_within(Duration::from_secs(10)) {
            let _ended = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        }
        let _ended = self.0.wait();
    }
}
