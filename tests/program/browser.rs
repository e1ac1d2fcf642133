//! The playground and the account pages in a real browser: `tests/browser/drive.mjs`, against `patron demo`.
//!
//! Screenshots are kept in `target/screenshots/`.

use std::process::Command;
use std::time::Duration;

use crate::support::{Folder, ProcessGroup, Server, packages, tool};

/// For the whole drive; each wait inside it has an end of its own.
const LONGEST_DRIVE: Duration = Duration::from_secs(480);

/// What the demo says of itself: the admin's password, where mails go.
fn said(server: &Server, words: &str) -> String {
    let mut lines = server.banner.lines();
    let rest = lines.find_map(|line| Some(line.split_once(words)?.1.trim()));
    rest.expect("the banner says it").to_owned()
}

#[test]
fn the_playground_and_the_account_pages() {
    // Alone: what is waited for in the browser has to come in time.
    let folder = Folder::alone();
    let chromium = tool(&["chromium", "chromium-browser", "google-chrome"]);
    let node = tool(&["node", "nodejs"]);
    let modules = packages("browser");
    let screenshots = modules.with_file_name("screenshots");
    std::fs::create_dir_all(&screenshots).expect("the folder is made");

    let temporary = folder.path().to_str().expect("a path");
    let settings = [("TMPDIR", temporary), ("PATRON_LOG", "warn")];
    let server = Server::start(folder.path(), &["demo"], &settings, "data ");
    let (password, mails) = (said(&server, "password  "), said(&server, "files in "));
    let profile = folder.path().join("profile");
    let mut drive = Command::new(node);
    drive.arg(modules.join("drive.mjs")).args([server.url(), password, mails]);
    drive.args([&screenshots, &profile, &modules, &chromium]).env("TMPDIR", folder.path());
    let went_well = ProcessGroup::start(&mut drive).ends_within(LONGEST_DRIVE);
    let log = server.kill();
    assert!(went_well, "the drive failed, see above; screenshots are in {}\n{log}", screenshots.display());
}
