//! The client examples do what they show: `tests/clients` compiles them, with the playground's queries, against
//! `schema.graphql` and runs them against the program itself.

use std::process::Command;

use crate::support::{ADMIN, Folder, Server, client};

#[tokio::test]
async fn the_examples_run() {
    // Alone: a token that lasts a second has to last until it is used.
    let folder = Folder::alone();
    // So short that each example sees its token expire.
    let short = ("JWT_ADMIN_TOKEN_EXPIRY", "1");
    let database_url = folder.sqlite_url();
    let settings = [
        ("DATABASE_URL", database_url.as_str()),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        short,
    ];
    let server = Server::serve(folder.path(), &settings);
    let (url, http) = (server.url(), client());
    for name in ["e", "b", "d", "a", "c"] {
        let body = serde_json::json!({
            "full_name": name, "email": format!("{name}@x.io"), "password": "correct horse battery",
        });
        let answer = http.post(format!("{url}/api/customers")).json(&body).send().await.expect("it answers");
        assert_eq!(answer.status(), 201);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    let output = Command::new(script).arg(&url).args(ADMIN).output().expect("it runs");
    let log = server.kill();
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
