//! The client examples work: `tests/clients` compiles them and the playground's queries against `schema.graphql`, then
//! runs the examples against the program.

use std::process::Command;

use crate::support::{ADMIN, Folder, Server, client};

#[tokio::test]
async fn the_client_examples_print_the_expected_output() {
    // Other tests would slow this one down, and a token that expires after a second has to be used before.
    let folder = Folder::alone();
    // So short that the token of each example expires while it runs.
    let token_expiry = ("JWT_ADMIN_TOKEN_EXPIRY", "1");
    let database_url = folder.sqlite_url();
    let settings = [
        ("DATABASE_URL", database_url.as_str()),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        token_expiry,
    ];
    let server = Server::serve(folder.path(), &settings);
    let (url, http) = (server.url(), client());
    for name in ["e", "b", "d", "a", "c"] {
        let body = serde_json::json!({
            "full_name": name, "email": format!("{name}@x.io"), "password": "correct horse battery",
        });
        let response = http.post(format!("{url}/api/customers")).json(&body).send().await;
        assert_eq!(response.expect("the server responds").status(), 201);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    let output = Command::new(script).arg(&url).args(ADMIN).output().expect("the script runs");
    let log = server.kill();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}\n{log}");
    let printed = "customers: a@x.io b@x.io c@x.io d@x.io e@x.io\n\
                refused: Unknown filter key \"shoe_size\". Known keys: keyword, full_name, email, status, group_id, \
                created_at, ob, od, page, limit\nafter expiry: 5\n";
    let expected: String =
        ["fetch", "urql", "apollo"].iter().map(|example| format!("== {example}\n{printed}")).collect();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    // Each example refreshes its token at least once; on a slow machine it may have to refresh it more often.
    let refreshes = log.lines().filter(|line| line.contains("\"path\":\"/api/user/token/refresh\""));
    assert!(refreshes.count() >= 3, "{log}");
}
