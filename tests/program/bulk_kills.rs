//! Kills the program while a bulk action runs. Nothing of an interrupted request is stored, and the repetition with the same
//! idempotency key completes it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ADMIN, Folder, Postgres, Server, admin_token, client, code_and_error, rows, run};

const CUSTOMERS: usize = 1000;
const KILLS: u64 = 5;
/// A hash of the password "a" (a test vector of jBCrypt), so that the import hashes nothing.
const HASH: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

fn import(folder: &Path, settings: &[(&str, &str)]) {
    let line = |number| format!("Customer {number},{number}@x.io,{HASH}\n");
    let lines: String = (0..CUSTOMERS).map(line).collect();
    let file = format!("full_name,email,password_hash\n{lines}");
    std::fs::write(folder.join("customers.csv"), file).expect("the file is written");
    for command in [&["migrate", "up"][..], &["import", "customers.csv"]] {
        let (code, error) = code_and_error(&run(folder, command, settings));
        assert_eq!(code, 0, "{command:?}: {error}");
    }
}

/// The number of rows, from a query of one text.
fn count(database: &str, from: &str) -> usize {
    rows(database, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM {from}"))[0].parse().expect("a number")
}

/// The number of customers that were changed, each with its journal entry.
fn changed(database: &str) -> usize {
    let disabled = count(database, "customer WHERE status = 0");
    let entries = count(database, "journal_entry WHERE kind = 'customer.updated'");
    assert_eq!(disabled, entries, "a change has no journal entry, or two");
    disabled
}

/// The body of the response; `None` if the server was killed before.
async fn disable_all(client: &reqwest::Client, url: &str, token: &str) -> Option<Value> {
    let filter = json!({"email": {"contains": "x.io"}});
    let body = json!({"action": "disable", "filter": filter, "expected_count": CUSTOMERS});
    let request = client.post(format!("{url}/api/customers/bulk")).bearer_auth(token);
    let response = request.header("idempotency-key", "one").json(&body).send().await.ok()?;
    assert_eq!(response.status().as_u16(), 200);
    response.json().await.ok()
}

async fn kill_during_bulk_actions(database: &str, folder: &Path) {
    let settings = [
        ("DATABASE_URL", database),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ];
    import(folder, &settings);
    let client = client();
    let mut acknowledged = None;
    for kill in 1..=KILLS {
        let server = Server::serve(folder, &settings);
        let url = server.url();
        let token = admin_token(&client, &url).await;
        let request = disable_all(&client, &url, &token);
        let killed = async {
            // At a different point each time.
            tokio::time::sleep(Duration::from_millis(50 * kill * kill)).await;
            server.kill();
        };
        let (response, ()) = tokio::join!(request, killed);
        acknowledged = acknowledged.or(response);
        let changed = changed(database);
        assert!([0, CUSTOMERS].contains(&changed), "{changed} of {CUSTOMERS} customers were changed");
        assert!(acknowledged.is_none() || changed == CUSTOMERS, "an acknowledged action was lost");
    }
    let server = Server::serve(folder, &settings);
    let token = admin_token(&client, &server.url()).await;
    let response = disable_all(&client, &server.url(), &token).await.expect("the server responds");
    assert_eq!(response["data"]["done"], CUSTOMERS);
    assert!(acknowledged.is_none_or(|earlier| earlier == response), "a repetition got another response");
    assert_eq!(changed(database), CUSTOMERS);
    server.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_no_bulk_action_half_done_on_sqlite() {
    let folder = Folder::new();
    kill_during_bulk_actions(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_leave_no_bulk_action_half_done_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("bulk_kills"));
    kill_during_bulk_actions(&database.url, folder.path()).await;
}
