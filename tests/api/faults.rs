//! What breaks below the server: requests are answered within their time, readiness says why, nothing is half done, and
//! all is well again when what broke is, without a restart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use patron::app::ctx::Ctx;
use patron::clock::Timer;
use patron::entity::{customer, journal_entry};
use patron::types::EventKind;
use patron::worker;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{Actor, Answer, Backend, CUSTOMER_PASSWORD, Line, Proxy, Receiver, TestApp, execute};

fn registration(email: &str) -> Value {
    json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD})
}

async fn register(app: &TestApp, email: &str) -> Answer {
    app.anonymous().post("/api/customers", &registration(email)).await
}

/// Answered with 503 when this time is up, and what a machine that is busy adds; not after minutes, as whoever waits for
/// a dead connection would be.
async fn assert_refused_within(app: &TestApp, limit: Duration) {
    const BUSY: Duration = Duration::from_secs(10);
    let watch = Timer::start();
    let answer = register(app, "nobody@x.io").await;
    answer.assert_failure(503, "unavailable");
    assert!(answer.header("retry-after").is_some());
    let elapsed = watch.elapsed();
    println!("refused after {elapsed:.1?}");
    assert!(elapsed < limit + BUSY, "{elapsed:?}");
}

async fn assert_not_ready(app: &TestApp) {
    app.anonymous().get("/health/ready").await.assert_failure(503, "unavailable");
    assert_eq!(app.anonymous().get("/health/live").await.status, 200);
}

async fn assert_recovers(app: &TestApp, email: &str) {
    // A pool may have connections that it doesn't know to be broken, one for each it holds.
    for _ in 0..20 {
        if app.anonymous().get("/health/ready").await.status == 200
            && register(app, email).await.status == 201
        {
            return;
        }
    }
    panic!("it does not recover");
}

/// A server behind a line to its database that can fail.
async fn behind_a_line(app: &TestApp) -> (TestApp, Proxy) {
    let (proxy, url) = Proxy::of_postgres(app.database.as_ref().unwrap()).await;
    let server = app
        .second_instance_with(|flags| {
            let flags = flags.with("DATABASE_URL", &url).with("PATRON_DATABASE_WAIT", "1");
            flags.with("PATRON_REQUEST_TIMEOUT", "3").with("PATRON_DATABASE_STATEMENT_TIMEOUT", "2")
        })
        .await;
    (server, proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_and_one_that_says_nothing() {
    let app = TestApp::start(Backend::Postgres).await;
    let (server, proxy) = behind_a_line(&app).await;
    assert_recovers(&server, "a@x.io").await;
    for (line, email) in [(Line::Refusing, "b@x.io"), (Line::Silent, "c@x.io")] {
        proxy.be(line);
        proxy.cut();
        for _ in 0..3 {
            assert_refused_within(&server, Duration::from_secs(4)).await;
        }
        assert_not_ready(&server).await;
        proxy.be(Line::Open);
        proxy.cut();
        assert_recovers(&server, email).await;
    }
    server.stop().await;
    drop(proxy);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_all_in_use() {
    let app = TestApp::start_with(Backend::Postgres, |flags| {
        flags.with("PATRON_DATABASE_CONNECTIONS", "2").with("PATRON_DATABASE_WAIT", "1")
    })
    .await;
    // Two transactions of somebody's hold both.
    let held = [app.app.db.begin().await.unwrap(), app.app.db.begin().await.unwrap()];
    for _ in 0..2 {
        assert_refused_within(&app, Duration::from_secs(3)).await;
    }
    assert_not_ready(&app).await;
    drop(held);
    assert_recovers(&app, "a@x.io").await;
    app.stop().await;
}

/// A statement that waits for a lock for too long is given up, and so is its request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_slow() {
    let app = TestApp::start_with(Backend::Postgres, |flags| {
        flags.with("PATRON_DATABASE_STATEMENT_TIMEOUT", "1").with("PATRON_REQUEST_TIMEOUT", "5")
    })
    .await;
    let slow = app.app.db.migration_connection().begin().await.unwrap();
    slow.execute_unprepared("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE").await.unwrap();
    assert_refused_within(&app, Duration::from_secs(4)).await;
    slow.rollback().await.unwrap();
    assert_recovers(&app, "a@x.io").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_only_reads() {
    let app = TestApp::start(Backend::Postgres).await;
    app.register("a@x.io").await;
    let database = app.database.clone().unwrap();
    let reads_only = async |on: bool| {
        execute(&format!("ALTER DATABASE {database} SET default_transaction_read_only = {on}")).await;
        execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ))
        .await;
        // The pool finds out which connections are broken.
        for _ in 0..10 {
            app.anonymous().get("/health/ready").await;
        }
    };
    reads_only(true).await;
    assert_refused_within(&app, Duration::from_secs(4)).await;
    let read = app.admin().query("{ customers { total } }").await;
    assert_eq!(read.data()["customers"]["total"], 1, "what is read is answered");
    reads_only(false).await;
    assert_recovers(&app, "b@x.io").await;
    app.stop().await;
}

/// The error that PostgreSQL gives when a disk is full (53100, disk_full), where it would give it: in the middle of a
/// transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_full() {
    const FULL: &str = "CREATE FUNCTION extend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER extend BEFORE INSERT ON journal_entry EXECUTE FUNCTION extend()";
    let app = TestApp::start(Backend::Postgres).await;
    app.register("a@x.io").await;
    app.app.db.migration_connection().execute_unprepared(FULL).await.unwrap();
    assert_refused_within(&app, Duration::from_secs(4)).await;
    assert_whole(&app).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200, "it still reads");
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 1);
    app.app.db.migration_connection().execute_unprepared("DROP FUNCTION extend CASCADE").await.unwrap();
    assert_recovers(&app, "b@x.io").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_that_is_full_or_only_reads() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.register("a@x.io").await;
    let pragma = async |text: &str| {
        app.app.db.migration_connection().execute_unprepared(&format!("PRAGMA {text}")).await.unwrap()
    };
    pragma("query_only = 1").await;
    assert_refused_within(&app, Duration::from_secs(4)).await;
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 1);
    pragma("query_only = 0").await;
    assert_recovers(&app, "b@x.io").await;
    // A disk is full: no page can be added, and no change is half made.
    pragma("max_page_count = 1").await;
    let mut refused = None;
    for number in 0..200 {
        let answer = register(&app, &format!("{number}@x.io")).await;
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    refused.expect("the disk is full some time").assert_failure(503, "unavailable");
    assert_whole(&app).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200, "it still reads");
    pragma("max_page_count = 1073741823").await;
    assert_recovers(&app, "c@x.io").await;
    app.stop().await;
}

/// Every customer has its one event of having been made, and no event is without its customer.
async fn assert_whole(app: &TestApp) {
    let db = app.app.db.migration_connection();
    let customers = customer::Entity::find().all(db).await.unwrap();
    let created = journal_entry::Column::Kind.eq(EventKind::CustomerCreated);
    let events = journal_entry::Entity::find().filter(created).all(db).await.unwrap();
    let mut made: Vec<_> = customers.iter().map(|customer| customer.uuid).collect();
    let mut told: Vec<_> = events.iter().map(|event| event.record).collect();
    made.sort();
    told.sort();
    assert_eq!(made, told);
}

/// Connections are cut again and again while many write: what was acknowledged is there, nothing is there by half, and
/// what is sent again with its key is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_in_the_middle() {
    let app = TestApp::start(Backend::Postgres).await;
    let (server, proxy) = behind_a_line(&app).await;
    const CUTS: usize = 30;
    let answers = AtomicUsize::new(0);
    let write = async |number: usize| {
        let mut tries = 0;
        for _ in 0..200 {
            tries += 1;
            let request = server.anonymous().request(reqwest::Method::POST, "/api/customers");
            let request = request.header("idempotency-key", format!("key-{number}"));
            let answer =
                server.anonymous().send(request.json(&registration(&format!("{number}@x.io")))).await;
            // In the middle of what the others do; so often and no more, or they would keep each other from ever ending.
            let number = answers.fetch_add(1, Ordering::Relaxed);
            if number.is_multiple_of(3) && number < 3 * CUTS {
                proxy.cut();
            }
            match answer.status {
                201 => return (answer.data()["uuid"].as_str().unwrap().to_owned(), tries),
                // Refused, or a twin whose connection was cut is not known to be gone yet.
                503 | 409 => {
                    assert_ne!(answer.body["error"]["code"], "email_taken", "it was done, and not told")
                }
                _ => panic!("{answer:?}"),
            }
        }
        panic!("never answered");
    };
    let mut written = Vec::new();
    for round in 0..5 {
        written.extend(futures_util::future::join_all((round * 8..round * 8 + 8).map(write)).await);
    }
    let mut known: Vec<String> =
        app.customers().await.iter().map(|customer| customer.uuid.to_string()).collect();
    let mut told: Vec<String> = written.iter().map(|(uuid, _)| uuid.clone()).collect();
    known.sort();
    told.sort();
    assert_eq!(known, told);
    assert_whole(&app).await;
    let tries: i32 = written.iter().map(|(_, tries)| tries).sum();
    let cuts = answers.load(Ordering::Relaxed).div_ceil(3).min(CUTS);
    assert!(usize::try_from(tries).unwrap() > written.len(), "no cut hit anything");
    println!("{cuts} cuts, {tries} requests for {} customers, none lost, none twice", written.len());
    server.stop().await;
    drop(proxy);
    app.stop().await;
}

/// Two instances that send what both see: nobody is told twice, and nothing waits for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_that_work_on_the_same() {
    let app = TestApp::start(Backend::Postgres).await;
    let receiver = Receiver::start().await;
    let settings = |flags: patron::config::Flags| {
        flags.with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8").with("PATRON_SEALING_SECRET", "s".repeat(32))
    };
    let instances = [app.second_instance_with(settings).await, app.second_instance_with(settings).await];
    let body = json!({"url": receiver.url, "events": ["customer.created"]});
    let made = instances[0].anonymous().request(reqwest::Method::POST, "/api/webhook-endpoints");
    let made =
        instances[0].anonymous().send(made.bearer_auth(app.admin().token().unwrap()).json(&body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    for number in 0..60 {
        app.register(&format!("{number}@x.io")).await;
    }
    let work = async |instance: &TestApp| {
        let ctx = Ctx::system(instance.app.clone());
        for _ in 0..40 {
            worker::publish(&ctx).await.unwrap();
            worker::deliver_due(&ctx).await.unwrap();
            worker::send_due(&ctx).await.unwrap();
        }
    };
    tokio::join!(work(&instances[0]), work(&instances[1]));
    let received = receiver.take();
    let mut ids: Vec<&str> = received.iter().map(|one| one.header("webhook-id")).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((count, ids.len()), (60, 60));
    let mails = patron::entity::mail::Entity::find().all(app.app.db.migration_connection()).await.unwrap();
    assert_eq!(mails.len(), 60);
    assert!(mails.iter().all(|mail| mail.attempts == 1 && mail.sent_at.is_some()));
    let unpublished = journal_entry::Entity::find().filter(journal_entry::Column::Position.is_null());
    assert_eq!(unpublished.count(app.app.db.migration_connection()).await.unwrap(), 0);
    for instance in instances {
        instance.stop().await;
    }
    receiver.stop();
    app.stop().await;
}
