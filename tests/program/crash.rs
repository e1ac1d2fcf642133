//! Kills the program, or PostgreSQL, repeatedly while several clients write, and checks the database afterwards.
//!
//! No acknowledged change may be lost, none may be stored partially, each has exactly one event, and a request that is
//! retried with its idempotency key is executed once. `PATRON_TEST_KILLS` is the number of kills on each database, 4 by
//! default; `tests/soak` sets a higher one.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;

use crate::support::{ADMIN, Folder, Postgres, Server, client};

/// Clients that write at the same time.
const WRITERS: usize = 6;

fn kills() -> usize {
    std::env::var("PATRON_TEST_KILLS").map_or(4, |kills| kills.parse().expect("a number of kills"))
}

/// A client that registers customers one after the other.
#[derive(Default)]
struct Writer {
    /// Its acknowledged registrations. The next one is retried until it is acknowledged.
    acknowledged: usize,
}

impl Writer {
    /// Writes until the server is killed, or `max` registrations are acknowledged; counts them in `progress`.
    async fn write(
        &mut self,
        client: &reqwest::Client,
        url: &str,
        number: usize,
        max: usize,
        progress: &Progress,
    ) {
        while self.acknowledged < max {
            let key = format!("{number}-{}", self.acknowledged);
            let body = json!({"full_name": key, "email": format!("{key}@x.io"), "password": "correct horse battery"});
            let request =
                client.post(format!("{url}/api/customers")).header("idempotency-key", &key).json(&body);
            progress.sent.fetch_add(1, Ordering::Relaxed);
            let Ok(response) = request.send().await else { return };
            let status = response.status();
            let Ok(body) = response.json::<Value>().await else { return };
            if status == 503 {
                // The database is unavailable. Retry when it is available again, without waiting for Retry-After.
                progress.rejected.send_modify(|count| *count += 1);
                let mut available = progress.database_available.subscribe();
                available.wait_for(|available| *available).await.expect("the test is still running");
                continue;
            }
            // After a kill between commit and response, the retry would get 409 if it had no idempotency key.
            assert_eq!(status.as_u16(), 201, "{body}");
            self.acknowledged += 1;
            progress.acknowledged.send_modify(|count| *count += 1);
        }
    }
}

/// The progress of all writers together.
struct Progress {
    sent: AtomicUsize,
    acknowledged: watch::Sender<usize>,
    /// Requests that got a 503.
    rejected: watch::Sender<usize>,
    database_available: watch::Sender<bool>,
}

impl Progress {
    fn new() -> Self {
        let (acknowledged, rejected) = (watch::Sender::new(0), watch::Sender::new(0));
        let database_available = watch::Sender::new(true);
        Self { sent: AtomicUsize::new(0), acknowledged, rejected, database_available }
    }

    /// Waits until `more` registrations have been acknowledged since the call.
    async fn wait_for(&self, more: usize) {
        let target = *self.acknowledged.borrow() + more;
        self.acknowledged
            .subscribe()
            .wait_for(|count| *count >= target)
            .await
            .expect("the writers are running");
    }
}

async fn count(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    row.expect("the query succeeds").expect("a row").try_get_by_index(0).expect("a number")
}

fn settings(database: &str) -> Vec<(&str, &str)> {
    vec![
        ("DATABASE_URL", database),
        ("PATRON_RATE_LIMITS", "off"),
        ("PATRON_ADMIN_EMAIL", ADMIN[0]),
        ("PATRON_ADMIN_PASSWORD", ADMIN[1]),
        ("PATRON_LOG", "warn"),
    ]
}

async fn kill_repeatedly(database: &str, folder: &Path) {
    let settings = settings(database);
    let client = client();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let progress = Progress::new();
    for kill in 0..kills() {
        let server = Server::serve(folder, &settings);
        let url = server.url();
        let work = writers.iter_mut().enumerate();
        let work = work.map(|(number, writer)| writer.write(&client, &url, number, usize::MAX, &progress));
        let work = join_all(work);
        // At a different point each time, with requests in flight.
        let kill = async {
            progress.wait_for(1 + (kill * 7) % 20).await;
            server.kill();
        };
        tokio::join!(work, kill);
    }
    // In the last run the server is killed only after each writer has got one more acknowledgement.
    let server = Server::serve(folder, &settings);
    let url = server.url();
    let work = writers.iter_mut().enumerate();
    let work = work.map(|(number, writer)| {
        let max = writer.acknowledged + 1;
        writer.write(&client, &url, number, max, &progress)
    });
    join_all(work).await;
    server.kill();
    let acknowledged = *progress.acknowledged.borrow();
    check(database, acknowledged).await;
    println!(
        "{} kills, {} requests, {acknowledged} acknowledged, 0 lost, 0 partial, 0 duplicated",
        kills(),
        progress.sent.load(Ordering::Relaxed)
    );
}

/// Fails if a change was lost, stored partially or executed twice.
async fn check(database: &str, acknowledged: usize) {
    let db = Database::connect(database).await.expect("the database is reachable");
    let customers = count(&db, "SELECT COUNT(*) FROM customer").await;
    assert_eq!(
        usize::try_from(customers).unwrap(),
        acknowledged,
        "a registration was lost or executed twice"
    );
    let events = "SELECT COUNT(*) FROM journal_entry WHERE kind = 'customer.created'";
    assert_eq!(count(&db, events).await, customers, "a registration has no event, or two");
    let pairs =
        "SELECT COUNT(*) FROM customer c JOIN journal_entry j ON j.customer_uuid = c.uuid AND j.sequence = 1";
    assert_eq!(count(&db, pairs).await, customers);
    let mails = "SELECT COUNT(*) FROM mail WHERE kind = 'verify_email'";
    assert_eq!(count(&db, mails).await, customers, "a customer has no verification mail, or two");
    let gaps = "SELECT COUNT(*) FROM customer c WHERE c.event_sequence <> (SELECT COUNT(*) FROM journal_entry j WHERE j.customer_uuid = c.uuid)";
    assert_eq!(count(&db, gaps).await, 0);
    db.close().await.expect("the connection closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_no_acknowledged_change_on_sqlite() {
    let folder = Folder::new();
    kill_repeatedly(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_no_acknowledged_change_on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("crash"));
    kill_repeatedly(&database.url, folder.path()).await;
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");

/// A PostgreSQL server for one test, since the other tests need theirs. It is stopped when the pipe to it is closed.
struct Cluster {
    script: Child,
    /// Kept open, so that the script can write to it.
    _output: Lines<BufReader<ChildStdout>>,
    url: String,
    folder: String,
    port: String,
}

impl Cluster {
    async fn start() -> Self {
        let print = r#"printf '%s\n' "$PATRON_TEST_POSTGRES_URL" "$PATRON_TEST_POSTGRES_CLUSTER" "$PATRON_TEST_POSTGRES_PORT"; cat"#;
        let mut script = Command::new(SCRIPT)
            .args(["run", "bash", "-c", print])
            .env_remove("PATRON_TEST_POSTGRES_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script runs");
        let mut lines = BufReader::new(script.stdout.take().expect("stdout is piped")).lines();
        let mut line =
            async || lines.next_line().await.expect("the output is text").expect("the server starts");
        let (url, folder, port) = (line().await, line().await, line().await);
        Self { script, _output: lines, url, folder, port }
    }

    /// Starts or crashes the server.
    async fn control(&self, action: &str) {
        let mut command = Command::new(SCRIPT);
        command.arg(action).env("PATRON_TEST_POSTGRES_CLUSTER", &self.folder);
        let status =
            command.env("PATRON_TEST_POSTGRES_PORT", &self.port).stdout(Stdio::null()).status().await;
        assert!(status.expect("the script runs").success(), "{action}");
    }

    /// Creates a database and returns its URL.
    async fn create_database(&self) -> String {
        let server = Database::connect(&self.url).await.expect("the server is reachable");
        // Commits wait for the write-ahead log, as in production. Only the server process crashes, not the disk.
        server
            .execute_unprepared("ALTER SYSTEM SET synchronous_commit = on")
            .await
            .expect("the setting is changed");
        server.execute_unprepared("SELECT pg_reload_conf()").await.expect("the settings are reloaded");
        server.execute_unprepared("CREATE DATABASE patron").await.expect("the database is created");
        server.close().await.expect("the connection closes");
        self.url.replace("/postgres?", "/patron?")
    }

    async fn stop(mut self) {
        drop(self.script.stdin.take());
        assert!(self.script.wait().await.expect("the script ends").success());
    }
}

/// The status of the program's readiness check.
async fn readiness(client: &reqwest::Client, address: &str) -> u16 {
    let ready = client.get(format!("{address}/health/ready")).send().await.expect("the program responds");
    ready.status().as_u16()
}

/// PostgreSQL crashes and restarts while the clients write; the program recovers without a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_recovers_from_crashes_of_postgres() {
    let (folder, cluster) = (Folder::new(), Cluster::start().await);
    let database = cluster.create_database().await;
    let mut settings = settings(&database);
    settings.push(("PATRON_DATABASE_WAIT", "1"));
    // PostgreSQL is unavailable at the start as well: the program starts, is not ready, and migrates later.
    cluster.control("crash").await;
    let program = Server::serve(folder.path(), &settings);
    let (client, address) = (client(), program.url());
    assert_eq!(readiness(&client, &address).await, 503);
    cluster.control("start").await;
    let mut attempts = 0;
    while readiness(&client, &address).await != 200 {
        attempts += 1;
        // The program reconnects after 250 ms, then 500 ms, and so on.
        assert!(attempts < 200_000, "the program does not reconnect");
    }
    let (progress, max) = (Progress::new(), 60);
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let work = writers.iter_mut().enumerate();
    let work = work.map(|(number, writer)| writer.write(&client, &address, number, max, &progress));
    let work = join_all(work);
    let crashes = async {
        for crash in 0..3 {
            progress.wait_for(20 + crash).await;
            let rejected = *progress.rejected.borrow();
            progress.database_available.send_replace(false);
            cluster.control("crash").await;
            // Every writer gets a 503.
            let mut rejections = progress.rejected.subscribe();
            rejections.wait_for(|count| *count >= rejected + WRITERS).await.expect("the writers are running");
            assert_eq!(readiness(&client, &address).await, 503);
            cluster.control("start").await;
            progress.database_available.send_replace(true);
        }
    };
    tokio::join!(work, crashes);
    let acknowledged = *progress.acknowledged.borrow();
    assert_eq!(acknowledged, WRITERS * max);
    let log = program.kill();
    check(&database, acknowledged).await;
    println!(
        "3 crashes of PostgreSQL, {} requests, {acknowledged} acknowledged, 0 lost",
        progress.sent.load(Ordering::Relaxed)
    );
    assert!(!log.contains("panicked"), "{log}");
    cluster.stop().await;
}
