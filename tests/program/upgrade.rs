//! Upgrades without an interruption: instances of the previous release serve while the new one migrates the database, and
//! beside it afterwards. And the way back.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{
    ADMIN, Folder, Postgres, Server, admin_token, client, code_and_error, execute, field, output, rows, run,
};

/// The maximum number of migrations of a release.
const MAX_MIGRATIONS: usize = 50;

/// The program of the previous release. `PATRON_TEST_PREVIOUS` names one that was built already.
fn previous() -> String {
    std::env::var("PATRON_TEST_PREVIOUS").unwrap_or_else(|_| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/previous");
        output(Command::new(script).stdin(Stdio::null())).trim().to_owned()
    })
}

fn settings(database: &str) -> [(&str, &str); 5] {
    [
        ("DATABASE_URL", database),
        ("PATRON_RATE_LIMITS", "off"),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ]
}

/// A command of the previous release.
fn previous_command(folder: &Path, arguments: &[&str], database: &str) -> Command {
    let mut command = Command::new(previous());
    command.env_clear().env("PATRON_LISTEN", "127.0.0.1:0").envs(settings(database)).current_dir(folder);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Starts the program of the previous release on a database that it migrates.
fn serve_previous(folder: &Path, database: &str) -> Server {
    Server::spawn(previous_command(folder, &["serve", "--migrate"], database), "mail")
}

/// Registers a customer and changes it by its token on the first server; both servers accept the token. Then an admin
/// changes it on the second server.
async fn use_both(first: &Server, second: &Server, email: &str) {
    let client = client();
    let account = json!({"full_name": "A", "email": email, "password": "correct horse battery"});
    let status = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.expect("the server responds");
        (response.status().as_u16(), response.text().await.expect("a text"))
    };
    let (code, registered) =
        status(client.post(format!("{}/api/customers", first.url())).json(&account)).await;
    assert_eq!(code, 201, "{registered}");
    let uuid = field(&registered, "uuid").expect("a uuid");
    let (code, pair) =
        status(client.post(format!("{}/api/customer/tokens", first.url())).json(&account)).await;
    assert_eq!(code, 200, "{pair}");
    let token = field(&pair, "accessToken").expect("a token");
    for (server, name) in [(first, "B"), (second, "C")] {
        let change = client.patch(format!("{}/api/customers/me", server.url())).bearer_auth(&token);
        let (code, text) = status(change.json(&json!({"full_name": name}))).await;
        assert!(code == 200 && text.contains(&format!(r#""full_name":"{name}""#)), "{code} {text}");
    }
    let admin = admin_token(&client, &second.url()).await;
    let change = client.patch(format!("{}/api/customers/{uuid}", second.url())).bearer_auth(&admin);
    let (code, text) = status(change.json(&json!({"full_name": "D"}))).await;
    assert_eq!(code, 200, "{text}");
    let query = json!({"query": "{ currentCustomer { fullName } }"});
    let read = client.post(format!("{}/api/graphql", first.url())).bearer_auth(&token);
    let (_, text) = status(read.json(&query)).await;
    assert!(text.contains(r#""fullName":"D""#), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_previous_release_serves_the_schema_of_this_one() {
    let (folder, database) = (Folder::new(), Postgres::create("upgrade"));
    let old = serve_previous(folder.path(), &database.url);
    use_both(&old, &old, "before@x.io").await;
    let settings = settings(&database.url);
    let migrated = run(folder.path(), &["migrate", "up"], &settings);
    assert!(migrated.status.success(), "{migrated:?}");
    use_both(&old, &old, "migrated@x.io").await;
    let new = Server::start(folder.path(), &["serve"], &settings, "mail");
    use_both(&old, &new, "old@x.io").await;
    use_both(&new, &old, "new@x.io").await;
    let log = old.kill() + &new.kill();
    assert!(!log.contains("panicked") && !log.contains("\"ERROR\""), "{log}");
}

/// Reverts the migrations that the previous release does not have, as docs/upgrading.md says.
fn revert_migrations(folder: &Path, database: &str) {
    for _ in 0..MAX_MIGRATIONS {
        let status = previous_command(folder, &["migrate", "status"], database).output();
        let status = status.expect("the previous release runs");
        if status.status.success() {
            return;
        }
        let (code, error) = code_and_error(&status);
        assert!(code == 78 && error.contains("newer"), "{code} {error}");
        let reverted = run(folder, &["migrate", "down"], &settings(database));
        assert!(reverted.status.success(), "{reverted:?}");
    }
    panic!("the previous release refuses the database after {MAX_MIGRATIONS} migrations were reverted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_previous_release_can_be_started_again_after_the_migrations_are_reverted() {
    let (folder, database) = (Folder::new(), Postgres::create("downgrade"));
    for url in [folder.sqlite_url(), database.url.clone()] {
        let old = serve_previous(folder.path(), &url);
        use_both(&old, &old, "before@x.io").await;
        old.kill();
        let new = Server::serve(folder.path(), &settings(&url));
        use_both(&new, &new, "new@x.io").await;
        new.kill();
        revert_migrations(folder.path(), &url);
        let old = serve_previous(folder.path(), &url);
        use_both(&old, &old, "after@x.io").await;
        old.kill();
        let emails = rows(&url, "SELECT email FROM customer ORDER BY customer_id");
        assert_eq!(emails, ["before@x.io", "new@x.io", "after@x.io"]);
    }
}

/// The migration of a release that does not exist yet.
const FUTURE: &str = "INSERT INTO seaql_migrations VALUES ('m20991231_000001_of_the_future', 0)";

#[test]
fn a_running_server_stays_ready_when_a_newer_release_has_migrated_and_can_not_be_started_again() {
    let (folder, database) = (Folder::new(), Postgres::create("newer_schema"));
    for url in [folder.sqlite_url(), database.url.clone()] {
        let settings = settings(&url);
        let server = Server::serve(folder.path(), &settings);
        assert!(server.send("GET /health/ready", "", "").starts_with("HTTP/1.1 200"));
        execute(&url, FUTURE);
        let ready = server.send("GET /health/ready", "", "");
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
        let created = server.send("POST /api/customers", "", body);
        assert!(created.starts_with("HTTP/1.1 201"), "{created}");
        server.kill();
        let (code, error) = code_and_error(&run(folder.path(), &["serve", "--migrate"], &settings));
        assert!(
            code == 78 && error.contains("the database is of a newer release of patron"),
            "{code} {error}"
        );
    }
}
