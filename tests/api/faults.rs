//! Faults below the server. Requests receive a response within the deadline, readiness reports the reason, no change is
//! partial, and the server recovers without a restart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use patron::app::ctx::AdminCtx;
use patron::clock::Timer;
use patron::entity::{customer, journal_entry};
use patron::types::EventKind;
use patron::worker;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    Actor, Backend, CUSTOMER_PASSWORD, Proxy, ProxyMode, Receiver, TestApp, TestResponse, execute,
};

fn registration(email: &str) -> Value {
    json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD})
}

async fn register(app: &TestApp, email: &str) -> TestResponse {
    app.anonymous().post("/api/customers", &registration(email)).await
}

/// The response is 503 within this limit, plus a margin for a busy machine. It does not take minutes, as waiting for a
/// dead connection would.
async fn assert_refused_within(app: &TestApp, limit: Duration) {
    const BUSY: Duration = Duration::from_secs(10);
    let watch = Timer::start();
    let response = register(app, "nobody@x.io").await;
    response.assert_failure(503, "unavailable");
    assert!(response.header("retry-after").is_some());
    let elapsed = watch.elapsed();
    println!("refused after {elapsed:.1?}");
    assert!(elapsed < limit + BUSY, "{elapsed:?}");
}

async fn assert_not_ready(app: &TestApp) {
    app.anonymous().get("/health/ready").await.assert_failure(503, "unavailable");
    assert_eq!(app.anonymous().get("/health/live").await.status, 200);
}

async fn assert_recovers(app: &TestApp, email: &str) {
    // Each pooled connection may be broken without the pool noticing.
    for _ in 0..20 {
        if app.anonymous().get("/health/ready").await.status == 200
            && register(app, email).await.status == 201
        {
            return;
        }
    }
    panic!("the server does not recover");
}

/// A server that reaches its database through a proxy.
async fn start_behind_proxy(app: &TestApp) -> (TestApp, Proxy) {
    let (proxy, url) = Proxy::for_postgres(app.database.as_ref().unwrap()).await;
    let server = app
        .second_instance_with(|flags| {
            let flags = flags.with("DATABASE_URL", &url).with("PATRON_DATABASE_WAIT", "1");
            flags.with("PATRON_REQUEST_TIMEOUT", "3").with("PATRON_DATABASE_STATEMENT_TIMEOUT", "2")
        })
        .await;
    (server, proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_refuses_or_hangs_yields_503() {
    let app = TestApp::start(Backend::Postgres).await;
    let (server, proxy) = start_behind_proxy(&app).await;
    assert_recovers(&server, "a@x.io").await;
    for (mode, email) in [(ProxyMode::Refuse, "b@x.io"), (ProxyMode::Hang, "c@x.io")] {
        proxy.set_mode(mode);
        proxy.close_connections();
        for _ in 0..3 {
            assert_refused_within(&server, Duration::from_secs(4)).await;
        }
        assert_not_ready(&server).await;
        proxy.set_mode(ProxyMode::Forward);
        proxy.close_connections();
        assert_recovers(&server, email).await;
    }
    server.stop().await;
    drop(proxy);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exhausted_connections_yield_503() {
    let app = TestApp::start_with(Backend::Postgres, |flags| {
        flags.with("PATRON_DATABASE_CONNECTIONS", "2").with("PATRON_DATABASE_WAIT", "1")
    })
    .await;
    // Two open transactions hold both connections.
    let held = [app.app.db.begin().await.unwrap(), app.app.db.begin().await.unwrap()];
    for _ in 0..2 {
        assert_refused_within(&app, Duration::from_secs(3)).await;
    }
    assert_not_ready(&app).await;
    drop(held);
    assert_recovers(&app, "a@x.io").await;
    app.stop().await;
}

/// A statement that waits too long for a lock is aborted, and so is its request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_statement_is_aborted() {
    let app = TestApp::start_with(Backend::Postgres, |flags| {
        flags.with("PATRON_DATABASE_STATEMENT_TIMEOUT", "1").with("PATRON_REQUEST_TIMEOUT", "5")
    })
    .await;
    let slow = app.app.db.writer().begin().await.unwrap();
    slow.execute_unprepared("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE").await.unwrap();
    assert_refused_within(&app, Duration::from_secs(4)).await;
    slow.rollback().await.unwrap();
    assert_recovers(&app, "a@x.io").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_postgres_serves_reads() {
    let app = TestApp::start(Backend::Postgres).await;
    app.register("a@x.io").await;
    let database = app.database.clone().unwrap();
    let set_read_only = async |on: bool| {
        execute(&format!("ALTER DATABASE {database} SET default_transaction_read_only = {on}")).await;
        execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ))
        .await;
        // So that the pool notices which connections are broken.
        for _ in 0..10 {
            app.anonymous().get("/health/ready").await;
        }
    };
    set_read_only(true).await;
    assert_refused_within(&app, Duration::from_secs(4)).await;
    let read = app.admin().query("{ customers { total } }").await;
    assert_eq!(read.data()["customers"]["total"], 1, "reads succeed");
    set_read_only(false).await;
    assert_recovers(&app, "b@x.io").await;
    app.stop().await;
}

/// A trigger raises the error of a full disk (53100, disk_full) in the middle of a transaction, as PostgreSQL would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_postgres_refuses_writes() {
    const FULL: &str = "CREATE FUNCTION extend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE 'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER extend BEFORE INSERT ON journal_entry EXECUTE FUNCTION extend()";
    let app = TestApp::start(Backend::Postgres).await;
    app.register("a@x.io").await;
    app.app.db.writer().execute_unprepared(FULL).await.unwrap();
    assert_refused_within(&app, Duration::from_secs(4)).await;
    assert_consistent(&app).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200, "reads still succeed");
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 1);
    app.app.db.writer().execute_unprepared("DROP FUNCTION extend CASCADE").await.unwrap();
    assert_recovers(&app, "b@x.io").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_or_read_only_sqlite_refuses_writes() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.register("a@x.io").await;
    let pragma =
        async |text: &str| app.app.db.writer().execute_unprepared(&format!("PRAGMA {text}")).await.unwrap();
    pragma("query_only = 1").await;
    assert_refused_within(&app, Duration::from_secs(4)).await;
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 1);
    pragma("query_only = 0").await;
    assert_recovers(&app, "b@x.io").await;
    // A full disk: no page can be added, and no change is partial.
    pragma("max_page_count = 1").await;
    let mut refused = None;
    for number in 0..200 {
        let response = register(&app, &format!("{number}@x.io")).await;
        if response.status != 201 {
            refused = Some(response);
            break;
        }
    }
    refused.expect("the disk is full at some point").assert_failure(503, "unavailable");
    assert_consistent(&app).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200, "reads still succeed");
    pragma("max_page_count = 1073741823").await;
    assert_recovers(&app, "c@x.io").await;
    app.stop().await;
}

/// Every customer has exactly one `customer.created` event, and every such event has its customer.
async fn assert_consistent(app: &TestApp) {
    let db = app.app.db.writer();
    let customers = customer::Entity::find().all(db).await.unwrap();
    let is_created = journal_entry::Column::Kind.eq(EventKind::CustomerCreated);
    let events = journal_entry::Entity::find().filter(is_created).all(db).await.unwrap();
    let mut created: Vec<_> = customers.iter().map(|customer| customer.uuid).collect();
    let mut recorded: Vec<_> = events.iter().map(|event| event.record).collect();
    created.sort();
    recorded.sort();
    assert_eq!(created, recorded);
}

/// Connections are closed repeatedly during concurrent writes. Acknowledged writes are stored, no write is partial, and
/// a request that is retried with its idempotency key is executed once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_connections_lose_no_acknowledged_write() {
    let app = TestApp::start(Backend::Postgres).await;
    let (server, proxy) = start_behind_proxy(&app).await;
    const CUTS: usize = 30;
    let responses = AtomicUsize::new(0);
    let write = async |number: usize| {
        let mut attempts = 0;
        for _ in 0..200 {
            attempts += 1;
            let request = server.anonymous().request(reqwest::Method::POST, "/api/customers");
            let request = request.header("idempotency-key", format!("key-{number}"));
            let response =
                server.anonymous().send(request.json(&registration(&format!("{number}@x.io")))).await;
            // While other requests run. The number of cuts is limited, so that the requests can succeed in the end.
            let number = responses.fetch_add(1, Ordering::Relaxed);
            if number.is_multiple_of(3) && number < 3 * CUTS {
                proxy.close_connections();
            }
            match response.status {
                201 => return (response.data()["uuid"].as_str().unwrap().to_owned(), attempts),
                // Unavailable, or an earlier attempt whose connection was closed still holds the key.
                503 | 409 => {
                    assert_ne!(
                        response.body["error"]["code"], "email_taken",
                        "an unacknowledged write was stored without its response"
                    )
                }
                _ => panic!("{response:?}"),
            }
        }
        panic!("no attempt succeeded");
    };
    let mut written = Vec::new();
    for round in 0..5 {
        written.extend(futures_util::future::join_all((round * 8..round * 8 + 8).map(write)).await);
    }
    let mut stored: Vec<String> =
        app.customers().await.iter().map(|customer| customer.uuid.to_string()).collect();
    let mut acknowledged: Vec<String> = written.iter().map(|(uuid, _)| uuid.clone()).collect();
    stored.sort();
    acknowledged.sort();
    assert_eq!(stored, acknowledged);
    assert_consistent(&app).await;
    let attempts: i32 = written.iter().map(|(_, attempts)| attempts).sum();
    let cuts = responses.load(Ordering::Relaxed).div_ceil(3).min(CUTS);
    assert!(usize::try_from(attempts).unwrap() > written.len(), "no request was affected");
    println!("{cuts} cuts, {attempts} requests for {} customers, none lost, none twice", written.len());
    server.stop().await;
    drop(proxy);
    app.stop().await;
}

/// Two instances work on the same queues: each webhook and each mail is sent once, and none is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_send_everything_once() {
    let app = TestApp::start(Backend::Postgres).await;
    let receiver = Receiver::start().await;
    let settings = |flags: patron::config::Flags| {
        flags.with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8").with("PATRON_SEALING_SECRET", "s".repeat(32))
    };
    let instances = [app.second_instance_with(settings).await, app.second_instance_with(settings).await];
    let body = json!({"url": receiver.url, "events": ["customer.created"]});
    let request = instances[0].anonymous().request(reqwest::Method::POST, "/api/webhook-endpoints");
    let created =
        instances[0].anonymous().send(request.bearer_auth(app.admin().token().unwrap()).json(&body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    for number in 0..60 {
        app.register(&format!("{number}@x.io")).await;
    }
    let work = async |instance: &TestApp| {
        let ctx = AdminCtx::system(instance.app.clone());
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
    let mails = patron::entity::mail::Entity::find().all(app.app.db.writer()).await.unwrap();
    assert_eq!(mails.len(), 60);
    assert!(mails.iter().all(|mail| mail.attempts == 1 && mail.sent_at.is_some()));
    let unpublished = journal_entry::Entity::find().filter(journal_entry::Column::Position.is_null());
    assert_eq!(unpublished.count(app.app.db.writer()).await.unwrap(), 0);
    for instance in instances {
        instance.stop().await;
    }
    receiver.stop();
    app.stop().await;
}
