//! Runs `tests/browser/drive.mjs`: it drives the playground and the account pages of `patron demo` in Chromium.
//!
//! The screenshots are in `target/screenshots/`.

use std::process::Command;
use std::time::Duration;

use crate::support::{Folder, ProcessGroup, Server, packages, tool};

/// Timeout of the whole script; each of its steps has its own timeout.
const DRIVE_TIMEOUT: Duration = Duration::from_secs(480);

/// A value of the demo's banner, such as the admin's password: the text after `label` on its line.
fn banner_value(server: &Server, label: &str) -> String {
    let mut lines = server.banner.lines();
    let value = lines.find_map(|line| Some(line.split_once(label)?.1.trim()));
    value.expect("the banner has the label").to_owned()
}

#[test]
fn the_playground_and_the_account_pages_work_in_a_browser() {
    // Other tests would slow the browser down, and its steps have timeouts.
    let folder = Folder::alone();
    let chromium = tool(&["chromium", "chromium-browser", "google-chrome"]);
    let node = tool(&["node", "nodejs"]);
    let modules = packages("browser");
    let screenshots = modules.with_file_name("screenshots");
    std::fs::create_dir_all(&screenshots).expect("the folder is created");

    let temporary = folder.path().to_str().expect("the path is UTF-8");
    let settings = [("TMPDIR", temporary), ("PATRON_LOG", "warn")];
    let server = Server::start(folder.path(), &["demo"], &settings, "data ");
    let (password, mails) = (banner_value(&server, "password  "), banner_value(&server, "files in "));
    let profile = folder.path().join("profile");
    let mut drive = Command::new(node);
    drive.arg(modules.join("drive.mjs")).args([server.url(), password, mails]);
    drive.args([&screenshots, &profile, &modules, &chromium]).env("TMPDIR", folder.path());
    let succeeded = ProcessGroup::start(&mut drive).succeeds_within(DRIVE_TIMEOUT);
    let log = server.kill();
    assert!(succeeded, "the script failed, see above; screenshots are in {}\n{log}", screenshots.display());
}
