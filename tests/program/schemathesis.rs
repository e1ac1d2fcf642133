//! Runs `tests/schemathesis` against the program, on both databases: it sends valid and invalid requests, and each response
//! must conform to the OpenAPI document.

use std::path::Path;
use std::process::Command;

use crate::support::{ADMIN, Folder, Postgres, Server};

fn assert_responses_conform(database_url: &str, folder: &Path) {
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
    let output = command.arg(server.url()).args(ADMIN).output().expect("the script runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    println!("{stderr}");
    let log = server.kill();
    assert!(output.status.success(), "{stderr}\n{log}");
}

#[test]
fn responses_conform_to_the_openapi_document_on_sqlite() {
    let folder = Folder::new();
    assert_responses_conform(&folder.sqlite_url(), folder.path());
}

#[test]
fn responses_conform_to_the_openapi_document_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("schemathesis"));
    assert_responses_conform(&database.url, folder.path());
}
