//! The program is killed while many write to it, again and again, on both databases: what it acknowledged is there, nothing
//! is there by half, each change has its one event, and what is sent again with its key is done once.
//!
//! `PATRON_TEST_KILLS` is the number of kills, 4 when nobody says; `tests/soak` says more.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::watch;

use crate::support::{ADMIN, Folder, Postgres, Server, client};

/// Who write at the same time.
const WRITERS: usize = 6;

fn kills() -> usize {
    std::env::var("PATRON_TEST_KILLS").map_or(4, |kills| kills.parse().expect("a number of kills"))
}

/// One who registers customers, one after the other.
#[derive(Default)]
struct Writer {
    /// How many were acknowledged; the next one is sent until it is.
    acknowledged: usize,
}

impl Writer {
    /// Writes until the server is gone, or so many are acknowledged; tells of each that is.
    async fn write(&mut self, client: &reqwest::Client, url: &str, name: usize, most: usize, told: &Told) {
        while self.acknowledged < most {
            let key = format!("{name}-{}", self.acknowledged);
            let body = json!({"full_name": key, "email": format!("{key}@x.io"), "password": "correct horse battery"});
            let request =
                client.post(format!("{url}/api/customers")).header("idempotency-key", &key).json(&body);
            told.sent.fetch_add(1, Ordering::Relaxed);
            let Ok(answer) = request.send().await else { return };
            let status = answer.status();
            let Ok(body) = answer.json::<Value>().await else { return };
            if status == 503 {
                // The database is away; come again when it is said to be possible. Here as soon as it is there.
                told.refused.send_modify(|count| *count += 1);
                told.database.subscribe().wait_for(|there| *there).await.expect("the test goes on");
                continue;
            }
            // Whoever was killed between commit and answer would be told 409 the second time, without the key.
            assert_eq!(status.as_u16(), 201, "{body}");
            self.acknowledged += 1;
            told.acknowledged.send_modify(|count| *count += 1);
        }
    }
}

/// What all of them did.
struct Told {
    sent: AtomicUsize,
    acknowledged: watch::Sender<usize>,
    /// Requests that were answered with 503.
    refused: watch::Sender<usize>,
    /// Whether the database is there.
    database: watch::Sender<bool>,
}

impl Told {
    fn new() -> Self {
        let (acknowledged, refused) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { sent: AtomicUsize::new(0), acknowledged, refused, database: watch::Sender::new(true) }
    }

    /// Waits until so many more are acknowledged.
    async fn wait_for(&self, more: usize) {
        let enough = *self.acknowledged.borrow() + more;
        self.acknowledged
            .subscribe()
            .wait_for(|count| *count >= enough)
            .await
            .expect("the writers are there");
    }
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    row.expect("the database answers").expect("a row").try_get_by_index(0).expect("a number")
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

async fn is_killed_again_and_again(database: &str, folder: &Path) {
    let settings = settings(database);
    let client = client();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let told = Told::new();
    for kill in 0..kills() {
        let server = Server::serve(folder, &settings);
        let url = server.url();
        let work = writers.iter_mut().enumerate();
        let work = join_all(work.map(|(name, writer)| writer.write(&client, &url, name, usize::MAX, &told)));
        // In the middle of whatever is going on when so many more are acknowledged.
        let kill = async {
            told.wait_for(1 + (kill * 7) % 20).await;
            server.kill();
        };
        tokio::join!(work, kill);
    }
    // The last time it is left alone until each has written once more.
    let server = Server::serve(folder, &settings);
    let url = server.url();
    let work = writers.iter_mut().enumerate();
    let work = work.map(|(name, writer)| {
        let most = writer.acknowledged + 1;
        writer.write(&client, &url, name, most, &told)
    });
    join_all(work).await;
    server.kill();
    let acknowledged = *told.acknowledged.borrow();
    check(database, acknowledged).await;
    println!(
        "{} kills, {} requests, {acknowledged} acknowledged, 0 lost, 0 by half, 0 twice",
        kills(),
        told.sent.load(Ordering::Relaxed)
    );
}

/// Looks for what was lost, done by half, or done twice.
async fn check(database: &str, acknowledged: usize) {
    let db = Database::connect(database).await.expect("the database is there");
    let customers = number(&db, "SELECT COUNT(*) FROM customer").await;
    assert_eq!(usize::try_from(customers).unwrap(), acknowledged, "lost, or done twice");
    let events = "SELECT COUNT(*) FROM journal_entry WHERE kind = 'customer.created'";
    assert_eq!(number(&db, events).await, customers, "a change without its event, or with two");
    let pairs =
        "SELECT COUNT(*) FROM customer c JOIN journal_entry j ON j.customer_uuid = c.uuid AND j.sequence = 1";
    assert_eq!(number(&db, pairs).await, customers);
    let mails = "SELECT COUNT(*) FROM mail WHERE kind = 'verify_email'";
    assert_eq!(number(&db, mails).await, customers, "a customer without its mail, or with two");
    let gaps = "SELECT COUNT(*) FROM customer c WHERE c.event_sequence <> (SELECT COUNT(*) FROM journal_entry j WHERE j.customer_uuid = c.uuid)";
    assert_eq!(number(&db, gaps).await, 0);
    db.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = Folder::new();
    is_killed_again_and_again(&folder.sqlite_url(), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let (folder, database) = (Folder::new(), Postgres::create("crash"));
    is_killed_again_and_again(&database.url, folder.path()).await;
}

/// PostgreSQL dies and comes back while many write; the program goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_dies_and_comes_back() {
    const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres");
    let folder = Folder::new();
    // A server of its own: the other tests need theirs. It lasts until the pipe to it is closed.
    let print = r#"printf '%s\n' "$PATRON_TEST_POSTGRES_URL" "$PATRON_TEST_POSTGRES_CLUSTER" "$PATRON_TEST_POSTGRES_PORT"; cat"#;
    let mut cluster = Command::new(SCRIPT)
        .args(["run", "bash", "-c", print])
        .env_remove("PATRON_TEST_POSTGRES_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut said = BufReader::new(cluster.stdout.take().expect("it is piped")).lines();
    let mut line = async || said.next_line().await.expect("it is text").expect("the server starts");
    let (url, folder_of_cluster, port) = (line().await, line().await, line().await);
    let control = async |what: &str| {
        let mut command = Command::new(SCRIPT);
        command.arg(what).env("PATRON_TEST_POSTGRES_CLUSTER", &folder_of_cluster);
        let done = command.env("PATRON_TEST_POSTGRES_PORT", &port).stdout(Stdio::null()).status().await;
        assert!(done.expect("it runs").success(), "{what}");
    };
    let server = Database::connect(&url).await.expect("it answers");
    // What is acknowledged is written, as where it matters. The disk is trusted: it is the server that dies.
    server.execute_unprepared("ALTER SYSTEM SET synchronous_commit = on").await.expect("it is set");
    server.execute_unprepared("SELECT pg_reload_conf()").await.expect("it is read");
    server.execute_unprepared("CREATE DATABASE patron").await.expect("it is made");
    server.close().await.expect("it closes");

    let database = url.replace("/postgres?", "/patron?");
    let mut settings = settings(&database);
    settings.push(("PATRON_DATABASE_WAIT", "1"));
    // It is away at the start as well: the program is up, says so, and does what there is to do when it comes.
    control("crash").await;
    let program = Server::serve(folder.path(), &settings);
    let (client, address) = (client(), program.url());
    let ready = async || {
        let ready = client.get(format!("{address}/health/ready")).send().await.expect("it answers");
        ready.status().as_u16()
    };
    assert_eq!(ready().await, 503);
    control("start").await;
    let mut asked = 0;
    while ready().await != 200 {
        asked += 1;
        // It looks again after a quarter of a second, then a half, and so on.
        assert!(asked < 200_000, "it does not notice");
    }
    let (told, most) = (Told::new(), 60);
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let work = writers.iter_mut().enumerate();
    let work = join_all(work.map(|(name, writer)| writer.write(&client, &address, name, most, &told)));
    let deaths = async {
        for death in 0..3 {
            told.wait_for(20 + death).await;
            let refused = *told.refused.borrow();
            told.database.send_replace(false);
            control("crash").await;
            // It is noticed, by everybody who asks.
            told.refused.subscribe().wait_for(|count| *count >= refused + WRITERS).await.expect("they ask");
            assert_eq!(ready().await, 503);
            control("start").await;
            told.database.send_replace(true);
        }
    };
    tokio::join!(work, deaths);
    let acknowledged = *told.acknowledged.borrow();
    assert_eq!(acknowledged, WRITERS * most);
    let log = program.kill();
    check(&database, acknowledged).await;
    println!(
        "3 deaths of PostgreSQL, {} requests, {acknowledged} acknowledged, 0 lost",
        told.sent.load(Ordering::Relaxed)
    );
    assert!(!log.contains("panicked"), "{log}");
    drop(cluster.stdin.take());
    assert!(cluster.wait().await.expect("it ends").success());
}
