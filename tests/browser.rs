//! The playground and the account pages in a real browser: `tests/browser/drive.mjs`, against `patron demo`.
//!
//! Screenshots are kept in `target/screenshots/`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use patron::system::Stopwatch;

/// For the whole drive; each wait inside it has an end of its own.
const LONGEST_DRIVE: Duration = Duration::from_secs(480);
/// For npm to fetch one package.
const LONGEST_INSTALL: Duration = Duration::from_secs(180);
/// For the demo to make its customers.
const LONGEST_START: Duration = Duration::from_secs(120);

/// Stopped by its id, with what it started, whatever the test does.
struct Running(Child);

impl Running {
    /// Starts it at the head of a process group: Chromium is many processes.
    fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt;
        Self(command.process_group(0).stdin(Stdio::null()).spawn().expect("the program runs"))
    }

    /// Whether it ended well, and in time.
    fn ends_within(&mut self, limit: Duration) -> bool {
        let watch = Stopwatch::start();
        while watch.elapsed() < limit {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Running {
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

/// A program on PATH.
fn program(names: &[&str]) -> PathBuf {
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

/// The folder of playwright-core's `node_modules`, installed anew when the lockfile is another one.
fn modules(sources: &Path, target: &Path) -> PathBuf {
    let folder = target.join("browser");
    let files = ["package.json", "package-lock.json", ".npmrc"];
    let read = |file: PathBuf| std::fs::read(file).ok();
    let installed = folder.join("installed-from");
    if read(installed.clone()) != read(sources.join("package-lock.json")) {
        std::fs::create_dir_all(&folder).expect("the folder is made");
        for file in files {
            std::fs::copy(sources.join(file), folder.join(file)).expect("the file is copied");
        }
        let npm = program(&["npm"]);
        let mut install = Command::new(npm);
        install.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder);
        assert!(
            Running::start(&mut install).ends_within(LONGEST_INSTALL),
            "`npm ci` in {} failed; it needs the registry",
            folder.display()
        );
        std::fs::copy(sources.join("package-lock.json"), installed).expect("the lockfile is copied");
    }
    folder
}

/// What the demo says of itself until it is up: its URL, the admin's password, where mails go.
fn demo(folder: &Path) -> (Running, [String; 3]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patron"));
    command.env_clear().env("TMPDIR", folder).current_dir(folder);
    command.args(["demo", "--listen", "127.0.0.1:0", "--log", "warn"]);
    let mut server = Running::start(command.stdout(Stdio::piped()));
    let lines = BufReader::new(server.0.stdout.take().expect("it is piped")).lines();
    let (sender, banner) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut found: [Option<String>; 3] = Default::default();
    let after = |line: &str, words: &str| line.split_once(words).map(|(_, rest)| rest.trim().to_owned());
    loop {
        let line = banner.recv_timeout(LONGEST_START).expect("the demo starts");
        for (value, words) in found.iter_mut().zip([" on http://", "password  ", "files in "]) {
            if value.is_none() {
                *value = after(&line, words);
            }
        }
        if line.trim_start().starts_with("data ") {
            break;
        }
    }
    let [address, password, mails] = found.map(|value| value.expect("the banner says it"));
    (server, [format!("http://{address}"), password, mails])
}

#[test]
fn the_playground_and_the_account_pages() {
    let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
    let node = program(&["node", "nodejs"]);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    // Beside the folder that cargo gives to tests, `target/tmp`.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let modules = modules(&sources, target);
    let screenshots = target.join("screenshots");
    std::fs::create_dir_all(&screenshots).expect("the folder is made");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_server, [url, password, mails]) = demo(folder.path());
    let profile = folder.path().join("profile");
    let mut drive = Command::new(node);
    drive.arg(sources.join("drive.mjs")).args([url, password, mails]);
    drive.args([&screenshots, &profile, &modules, &chromium]).env("TMPDIR", folder.path());
    let went_well = Running::start(&mut drive).ends_within(LONGEST_DRIVE);
    assert!(went_well, "the drive failed, see above; screenshots are in {}", screenshots.display());
}
