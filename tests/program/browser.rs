//! Runs the scripts of `tests/browser` in Chromium: they play the playground, the account pages and the console.
//!
//! The screenshots are in `target/screenshots/`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{ADMIN, Folder, Postgres, ProcessGroup, Server, packages, tool};

/// Timeout of a script; each of its steps has its own timeout.
const TIMEOUT: Duration = Duration::from_secs(900);

/// A value of the server's banner, such as the admin's password: the text after `label` on its line.
fn banner_value(server: &Server, label: &str) -> String {
    let mut lines = server.banner.lines();
    let value = lines.find_map(|line| Some(line.split_once(label)?.1.trim()));
    value.expect("the banner has the label").to_owned()
}

/// Starts the demo, whose data the scripts know, with further settings.
fn demo(folder: &Folder, more: &[(&str, &str)]) -> (Server, String) {
    let temporary = folder.path().to_str().expect("the path is UTF-8");
    // The console's script receives webhooks on this machine.
    let webhooks = ("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8");
    let own = [("TMPDIR", temporary), ("PATRON_LOG", "warn"), webhooks];
    let settings = [&own[..], more].concat();
    let server = Server::start(folder.path(), &["demo"], &settings, "data ");
    let password = banner_value(&server, "password  ");
    (server, password)
}

/// Runs a script with the server and the password of its first admin. Stops the server.
fn play(script: &[&str], folder: &Path, server: Server, password: &str) {
    let [name, options @ ..] = script else { panic!("a script is needed") };
    let modules = packages("browser");
    let screenshots = modules.with_file_name("screenshots");
    std::fs::create_dir_all(&screenshots).expect("the folder is created");
    let mut command = Command::new(tool(&["node", "nodejs"]));
    command.arg(modules.join(name)).args(options).env("TMPDIR", folder);
    command.args(["--url", &server.url(), "--password", password]);
    command.args(["--mails", &banner_value(&server, "files in ")]);
    command.arg("--screenshots").arg(&screenshots).arg("--modules").arg(&modules);
    command.arg("--chromium").arg(tool(&["chromium", "chromium-browser", "google-chrome"]));
    let succeeded = ProcessGroup::start(&mut command).succeeds_within(TIMEOUT);
    let log = server.kill();
    assert!(succeeded, "the script failed, see above; screenshots are in {}\n{log}", screenshots.display());
}

#[test]
fn the_playground_and_the_account_pages_work_in_a_browser() {
    // Other tests would slow the browser down, and its steps have timeouts.
    let folder = Folder::alone();
    let (server, password) = demo(&folder, &[]);
    play(&["playground.mjs"], folder.path(), server, &password);
}

#[test]
fn the_console_works_in_a_browser() {
    let folder = Folder::alone();
    let (server, password) = demo(&folder, &[]);
    play(&["console.mjs"], folder.path(), server, &password);
}

#[test]
fn the_console_has_a_required_second_factor_set_up() {
    let folder = Folder::alone();
    let (server, password) = demo(&folder, &[("PATRON_ADMIN_SECOND_FACTOR", "required")]);
    play(&["required-factor.mjs"], folder.path(), server, &password);
}

/// The short run: the list, the search, filters, an edit, and each screen.
#[test]
fn the_console_works_in_a_browser_on_postgres() {
    let (folder, database) = (Folder::alone(), Postgres::create("browser"));
    let settings = [
        ("DATABASE_URL", database.url.as_str()),
        ("PATRON_ADMIN_EMAIL", "admin@localhost"),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ];
    let server = Server::serve(folder.path(), &settings);
    play(&["console.mjs", "--smoke"], folder.path(), server, ADMIN[1]);
}
