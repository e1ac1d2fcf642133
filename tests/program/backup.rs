//! `patron backup` and `patron restore`: nothing that was acknowledged before a backup is missing in it, and a restored
//! database sends nothing that the original may have sent.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::{
    ADMIN, Folder, Postgres, Server, admin_token, client, code_and_error, execute, field, free_address, rows,
    run,
};

/// Clients that write at the same time.
const WRITERS: usize = 4;
/// Registrations before the backup begins.
const BEFORE: usize = 20;

/// The settings of a server with an admin.
pub(crate) fn settings<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let base = [
        ("PATRON_RATE_LIMITS", "off"),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ];
    [&base[..], more].concat()
}

/// The URL of the database in the data folder.
pub(crate) fn database(folder: &Folder) -> String {
    format!("sqlite://{}", folder.path().join("data/patron.db").display())
}

/// Runs a command that has to succeed, and returns its output.
pub(crate) fn succeed(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder.path(), arguments, &[]);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("the output is text")
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("the file exists").permissions().mode() & 0o777
}

/// The acknowledged registrations of several clients.
#[derive(Default)]
struct Acknowledged {
    emails: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Acknowledged {
    /// Registers customers one after the other.
    async fn write(self: Arc<Self>, url: String, writer: usize) {
        let client = client();
        for number in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let email = format!("w{writer}-{number}@x.io");
            let body = json!({"full_name": "A", "email": email, "password": "correct horse battery"});
            let response = client.post(format!("{url}/api/customers")).json(&body).send().await;
            assert_eq!(response.expect("the server responds").status(), 201);
            self.emails.lock().push(email);
        }
    }

    /// Waits until this number of registrations is acknowledged.
    async fn wait_for(&self, count: usize) {
        while self.emails.lock().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_contains_everything_that_was_acknowledged_before_it() {
    let (folder, copy) = (Folder::new(), Folder::new());
    let server = Server::serve(folder.path(), &settings(&[]));
    let token = admin_token(&client(), &server.url()).await;
    let acknowledged = Arc::new(Acknowledged::default());
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| tokio::spawn(Arc::clone(&acknowledged).write(server.url(), number)))
        .collect();
    acknowledged.wait_for(BEFORE).await;
    let before = acknowledged.emails.lock().clone();
    let file = copy.path().join("backup.db");
    let text = succeed(&folder, &["backup", file.to_str().expect("a text")]);
    assert!(
        text.starts_with(&format!("wrote {}: ", file.display())) && text.contains(" and 5 keys, "),
        "{text}"
    );
    let after = acknowledged.emails.lock().len();
    // The writers continue during the backup and after it.
    acknowledged.wait_for(after + WRITERS).await;
    acknowledged.is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("no registration fails");
    }
    server.kill();

    let text = succeed(&copy, &["restore", "backup.db"]);
    assert!(text.contains("restored 5 keys to "), "{text}");
    let url = database(&copy);
    let stored = rows(&url, "SELECT email FROM customer");
    let missing: Vec<&String> = before.iter().filter(|email| !stored.contains(email)).collect();
    assert!(missing.is_empty(), "acknowledged before the backup, but not in it: {missing:?}");
    let created = rows(&url, "SELECT kind FROM journal_entry WHERE kind = 'customer.created'");
    assert_eq!(created.len(), stored.len(), "a customer was copied without its event");
    println!("{} acknowledged before the backup, {} in it, 0 missing", before.len(), stored.len());

    // The keys are those of the original, so its tokens are valid.
    let restored = Server::serve(copy.path(), &settings(&[]));
    let query = json!({"query": "{ customers { total } }"});
    let request = client().post(format!("{}/api/admin/graphql", restored.url())).bearer_auth(token);
    let response: Value = request.json(&query).send().await.expect("a response").json().await.expect("JSON");
    assert_eq!(response["data"]["customers"]["total"], stored.len(), "{response}");
    for file in ["backup.db", "data/patron.db", "data/keys/sealing_secret", "data/keys/jwt_admin_secret"] {
        assert_eq!(mode(&copy.path().join(file)), 0o600, "{file}");
    }
    assert!(rows(&url, "SELECT name FROM sqlite_master WHERE name LIKE 'patron_backup%'").is_empty());
}

/// Starts a server whose mails and webhooks fail, with a customer and an endpoint, and stops it with both pending.
fn leave_pending(folder: &Folder, postgres: Option<&str>) {
    let refusing = free_address();
    let smtp = format!("smtp://{refusing}");
    let mut settings =
        settings(&[("PATRON_SMTP_URL", smtp.as_str()), ("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8")]);
    settings.extend(postgres.map(|url| ("DATABASE_URL", url)));
    let server = Server::serve(folder.path(), &settings);
    let credentials = json!({"email": ADMIN[0], "password": ADMIN[1]}).to_string();
    let token =
        field(&server.send("POST /api/user/tokens", "", &credentials), "accessToken").expect("a token");
    let endpoint = format!(r#"{{"url": "http://{refusing}/", "events": ["customer.created"]}}"#);
    let authorization = format!("Authorization: Bearer {token}\r\n");
    let created = server.send("POST /api/webhook-endpoints", &authorization, &endpoint);
    assert!(created.starts_with("HTTP/1.1 201"), "{created}");
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    assert!(server.send("POST /api/customers", "", body).starts_with("HTTP/1.1 201"));
    server.kill();
    let url = postgres.map_or_else(|| database(folder), str::to_owned);
    assert_eq!(rows(&url, "SELECT status FROM mail"), ["pending"]);
}

/// The status and the error of all mails and deliveries.
fn queued(database: &str) -> Vec<String> {
    let text = "status || ': ' || coalesce(last_error, '')";
    let (mails, deliveries) =
        (format!("SELECT {text} FROM mail"), format!("SELECT {text} FROM webhook_delivery"));
    [rows(database, &mails), rows(database, &deliveries)].concat()
}

#[test]
fn a_restored_database_sends_nothing_that_was_pending_unless_requested() {
    let original = Folder::new();
    let url = database(&original);
    leave_pending(&original, None);
    // An event that no worker has published yet.
    execute(&url, "DELETE FROM webhook_delivery");
    execute(&url, "UPDATE journal_entry SET position = NULL");
    let file = original.path().join("backup.db");
    let file = file.to_str().expect("a text");
    succeed(&original, &["backup", file]);

    let held = Folder::new();
    let text = succeed(&held, &["restore", file]);
    assert!(text.contains("held 1 mail and 1 webhook delivery, which the original may have sent"), "{text}");
    let reason = "not sent by the restored database: the original may have sent it";
    assert_eq!(queued(&database(&held)), [format!("failed: {reason}"), format!("parked: {reason}")]);
    // The operator can send them after all.
    assert!(succeed(&held, &["mail", "retry", "--failed"]).starts_with("1 mail will be sent"));
    assert!(succeed(&held, &["webhook", "replay", "--parked"]).starts_with("1 delivery will be sent"));

    let resumed = Folder::new();
    let text = succeed(&resumed, &["restore", "--resume-deliveries", file]);
    assert!(!text.contains("held"), "{text}");
    assert_eq!(rows(&database(&resumed), "SELECT status FROM mail"), ["pending"]);
    let unpublished = rows(&database(&resumed), "SELECT kind FROM journal_entry WHERE position IS NULL");
    assert!(!unpublished.is_empty(), "the server publishes it, and sends it");
}

#[test]
fn backups_and_restores_overwrite_nothing_and_refuse_other_files() {
    let folder = Folder::new();
    let refused = |arguments: &[&str], code: i32, message: &str| {
        let (found, error) = code_and_error(&run(folder.path(), arguments, &[]));
        assert!(found == code && error.contains(message), "{arguments:?}: {found} {error}");
    };
    refused(&["backup", "backup.db"], 78, "there is no database");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is created");
    succeed(&folder, &["migrate", "up"]);
    succeed(&folder, &["backup", "backup.db"]);
    refused(&["backup", "backup.db"], 1, "backup.db: the file exists, and is not overwritten");
    refused(&["backup", "missing/backup.db"], 1, "its folder can't be written");
    refused(&["restore", "backup.db"], 1, "data/patron.db: exists, and is not overwritten");

    let elsewhere =
        |file: &str, message: &str| refused(&["--data-dir", "other", "restore", file], 1, message);
    elsewhere("missing.db", "missing.db: No such file");
    elsewhere("data/patron.db", "is not a backup that `patron backup` wrote");
    std::fs::write(folder.path().join("text"), "This is not a database. ".repeat(400)).expect("a file");
    elsewhere("text", "is not a backup");
    let mut bytes = std::fs::read(folder.path().join("backup.db")).expect("a backup");
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    std::fs::write(folder.path().join("damaged.db"), bytes).expect("a file");
    let (code, error) =
        code_and_error(&run(folder.path(), &["--data-dir", "other", "restore", "damaged.db"], &[]));
    assert!(code == 1 && error.contains("damaged.db: "), "{code} {error}");
    let leftovers = std::fs::read_dir(folder.path().join("other")).expect("a folder").count();
    assert_eq!(leftovers, 0, "a refused restore leaves nothing behind");

    std::fs::create_dir_all(folder.path().join("other/keys")).expect("a folder");
    // The backup of a server that never ran has no keys, so those in the folder stay.
    std::fs::write(folder.path().join("other/keys/sealing_secret"), "k".repeat(52)).expect("a key");
    let text = succeed(&folder, &["--data-dir", "other", "restore", "backup.db"]);
    assert!(text.contains("PATRON_SEALING_SECRET is not in the backup"), "{text}");
}

#[test]
fn keys_of_another_server_are_not_overwritten() {
    let (folder, other) = (Folder::new(), Folder::new());
    Server::serve(folder.path(), &settings(&[])).kill();
    let file = other.path().join("backup.db");
    succeed(&folder, &["backup", file.to_str().expect("a text")]);
    let keys = other.path().join("data/keys");
    std::fs::create_dir_all(&keys).expect("a folder");
    std::fs::write(keys.join("jwt_customer_secret"), "k".repeat(52)).expect("a key");
    let (code, error) = code_and_error(&run(other.path(), &["restore", "backup.db"], &[]));
    assert!(
        code == 78 && error.contains("jwt_customer_secret has another key than the backup"),
        "{code} {error}"
    );
    let names: Vec<_> = std::fs::read_dir(other.path().join("data")).expect("a folder").collect();
    assert_eq!(names.len(), 1, "neither the database nor other keys are restored: {names:?}");
}

#[test]
fn postgres_is_backed_up_with_its_own_programs() {
    let (folder, database) = (Folder::new(), Postgres::create("backup"));
    leave_pending(&folder, Some(&database.url));
    let settings = [("DATABASE_URL", database.url.as_str())];
    for (arguments, program) in
        [(["backup", "dump"], "pg_dump --format=custom"), (["restore", "dump"], "pg_restore ")]
    {
        let output = run(folder.path(), &arguments, &settings);
        let (code, error) = code_and_error(&output);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(code == 1 && error.contains("with its own programs"), "{code} {error}");
        assert!(text.contains(program) && !text.contains(&database.name), "{text}");
        assert!(!folder.path().join("dump").exists());
    }
    let output = run(folder.path(), &["restore", "--hold-deliveries"], &settings);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.starts_with("held 1 mail and 1 webhook delivery"), "{output:?}");
    let statuses: Vec<String> = queued(&database.url);
    assert!(statuses[0].starts_with("failed: ") && statuses[1].starts_with("parked: "), "{statuses:?}");
}
