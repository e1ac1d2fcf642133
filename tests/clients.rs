//! The client examples do what they show: `tests/clients` compiles them, with the playground's queries, against
//! `schema.graphql` and runs them against the program itself.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const ADMIN: [&str; 2] = ["admin@clients.example", "staple battery horse"];

#[tokio::test]
async fn the_examples_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_patron"));
    command
        .env_clear()
        .current_dir(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("PATRON_ADMIN_EMAIL", ADMIN[0])
        .env("PATRON_ADMIN_PASSWORD", ADMIN[1])
        // So short that each example sees its token expire.
        .env("JWT_ADMIN_TOKEN_EXPIRY", "1")
        .stdout(Stdio::piped())
        // Nobody reads it while the server runs, and a full pipe would stop it.
        .stderr(std::fs::File::create(folder.path().join("log")).expect("the log is made"))
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
    let url = url.expect("the server is up");
    let http = reqwest::Client::new();
    for name in ["e", "b", "d", "a", "c"] {
        let body = serde_json::json!({
            "full_name": name, "email": format!("{name}@x.io"), "password": "correct horse battery",
        });
        let answer = http.post(format!("{url}/api/customers")).json(&body).send().await.expect("it answers");
        assert_eq!(answer.status(), 201);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    let output = Command::new(script).arg(&url).args(ADMIN).output().await.expect("it runs");
    let log = std::fs::read_to_string(folder.path().join("log")).expect("the log is read");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{log}");
    let seen = "customers: a@x.io b@x.io c@x.io d@x.io e@x.io\n\
                refused: Unknown filter key \"shoe_size\". Known keys: keyword, full_name, email, status, group_id, \
                created_at, ob, od, page, limit\nafter expiry: 5\n";
    let expected: String =
        ["fetch", "urql", "apollo"].iter().map(|example| format!("== {example}\n{seen}")).collect();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    // Each had to renew its token, once at least: a slow machine may spend that second elsewhere, too.
    let renewals = log.lines().filter(|line| line.contains("\"path\":\"/api/user/token/refresh\""));
    assert!(renewals.count() >= 3, "{log}");
}
