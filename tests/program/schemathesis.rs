//! Whatever is sent, the program answers as its OpenAPI document says: `tests/schemathesis` sends it, to the program
//! itself, on both databases.

use std::path::Path;
use std::process::Command;

use crate::support::{ADMIN, Folder, Postgres, Server};

fn answers_are_documented(database_url: &str, folder: &Path) {
    let settings = [
        ("DATABASE_URL", database_url),
        ("PATRON_RATE_LIMITS", "off"),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ];
    let server = Server::serve(folder, &settings);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis");
    let mut command = Command::new(script);
    let played = command.arg(server.url()).args(ADMIN).output().expect("it runs");
    let said = String::from_utf8_lossy(&played.stderr);
    println!("{said}");
    let log = server.kill();
    assert!(played.status.success(), "{said}\n{log}");
}

#[test]
fn on_sqlite() {
    let folder = Folder::new();
    answers_are_documented(&folder.sqlite_url(), folder.path());
}

#[test]
fn on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("schemathesis"));
    answers_are_documented(&database.url, folder.path());
}
