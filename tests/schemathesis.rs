//! Whatever is sent, the program answers as its OpenAPI document says: `tests/schemathesis` sends it, to the program
//! itself, on both databases.

#[path = "api/support/postgres.rs"]
mod postgres;

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const ADMIN: [&str; 2] = ["admin@schemathesis.example", "staple battery horse"];

async fn answers_are_documented(database_url: &str, folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patron"));
    command
        .env_clear()
        .current_dir(folder)
        .args(["serve", "--migrate", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", database_url)
        .env("PATRON_RATE_LIMITS", "off")
        .env("PATRON_ADMIN_EMAIL", ADMIN[0])
        .env("PATRON_ADMIN_PASSWORD", ADMIN[1])
        .env("PATRON_LOG", "warn")
        .stdout(Stdio::piped())
        // Nobody reads it while the server runs, and a full pipe would stop it.
        .stderr(std::fs::File::create(folder.join("log")).expect("the log is made"))
        .kill_on_drop(true);
    let mut server = command.spawn().expect("the program runs");
    let mut banner = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    let mut url = None;
    while let Some(line) = banner.next_line().await.expect("it is text") {
        if let Some((_, address)) = line.split_once(" on http://") {
            url = Some(format!("http://{address}"));
        }
        if line.trim_start().starts_with("admin") {
            break;
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis");
    let mut command = Command::new(script);
    let played = command.arg(url.expect("the server is up")).args(ADMIN).output().await.expect("it runs");
    let said = String::from_utf8_lossy(&played.stderr);
    println!("{said}");
    server.kill().await.expect("the server is stopped");
    let log = std::fs::read_to_string(folder.join("log")).expect("the log is read");
    assert!(played.status.success(), "{said}\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("patron.db").display());
    answers_are_documented(&url, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = format!("patron_schemathesis_{}", std::process::id());
    postgres::execute(&format!("CREATE DATABASE {name}")).await;
    answers_are_documented(&postgres::url(&name), folder.path()).await;
    postgres::execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
