//! Whatever is sent, the program answers as its OpenAPI document says: `tests/schemathesis` sends it, to the program
//! itself, on both databases.

#[path = "api/support/postgres.rs"]
mod postgres;
mod program;

use std::path::Path;

use tokio::process::Command;

use program::{Program, sqlite_url};

const ADMIN: [&str; 2] = ["admin@schemathesis.example", "staple battery horse"];

async fn answers_are_documented(database_url: &str, folder: &Path) {
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_RATE_LIMITS", "off"),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ];
    let server = Program::start(folder, &settings).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis");
    let mut command = Command::new(script);
    let played = command.arg(&server.url).args(ADMIN).output().await.expect("it runs");
    let said = String::from_utf8_lossy(&played.stderr);
    println!("{said}");
    let log = server.stop().await;
    assert!(played.status.success(), "{said}\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    answers_are_documented(&sqlite_url(folder.path()), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = format!("patron_schemathesis_{}", std::process::id());
    postgres::execute(&format!("CREATE DATABASE {name}")).await;
    answers_are_documented(&postgres::url(&name), folder.path()).await;
    postgres::execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
}
