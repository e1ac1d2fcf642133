//! Other programs that a test runs.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use patron::clock::Timer;

/// A program on PATH, by the first of these names that is there.
pub(crate) fn tool(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        names.iter().flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)));
    candidates.find(|file| file.is_file()).unwrap_or_else(|| {
        panic!(
            "there is no {} on PATH. `tests/run` installs what is missing on Debian; by hand: \
             apt-get install chromium nodejs npm (Node.js 20 or newer)",
            names.join(" or ")
        )
    })
}

/// Runs a command to its end, which has to be a success; its standard output.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A program with the programs that it starts: all of them are stopped by their id, whatever the test does.
pub(crate) struct ProcessGroup(Child);

impl ProcessGroup {
    /// Starts it at the head of a process group.
    pub(crate) fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt;
        Self(command.process_group(0).stdin(Stdio::null()).spawn().expect("the program runs"))
    }

    /// Whether it ended well, and in time.
    pub(crate) fn ends_within(&mut self, limit: Duration) -> bool {
        let watch = Timer::start();
        while watch.elapsed() < limit {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let group = format!("-{}", self.0.id());
        let _ended = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        if !self.ends_within(Duration::from_secs(10)) {
            let _ended = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        }
        let _ended = self.0.wait();
    }
}
