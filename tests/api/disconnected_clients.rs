//! Work for disconnected clients is dropped, and the requests of one network address do not delay those of others.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse};

const ATTACKER: &str = "203.0.113.9";
const LOGIN: &str = "/api/customer/tokens";

/// How clients disconnect.
#[derive(Clone, Copy, Debug)]
enum HangUp {
    /// The client closes the connection.
    Close,
    /// The client closes the connection after the first bytes of another request.
    CloseDuringNextRequest,
    /// The client closes its sending side (FIN) and keeps reading.
    HalfClose,
    /// RST_STREAM; the connection stays open.
    Http2Reset,
}

/// The metrics of the password hasher.
#[derive(Clone, Copy, Debug)]
struct Counts {
    waiting: f64,
    hashed: f64,
    abandoned: f64,
    rejected: f64,
}

fn counts(app: &TestApp) -> Counts {
    let text = app.app.render_metrics();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
    };
    Counts {
        waiting: value("patron_hashing_waiting"),
        hashed: value("patron_hashing_duration_seconds_count"),
        abandoned: value("patron_hashing_abandoned_total"),
        rejected: value("patron_hashing_rejected_total"),
    }
}

async fn until(app: &TestApp, is_reached: impl Fn(Counts) -> bool) {
    for _ in 0..12_000 {
        if is_reached(counts(app)) {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("timed out: {:?}", counts(app));
}

/// A server with one hashing thread that trusts the `X-Forwarded-For` header of the test.
async fn start(backend: Backend, settings: &[(&'static str, &'static str)]) -> TestApp {
    let defaults = [
        ("PATRON_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("PATRON_HASH_THREADS", "1"),
        ("PATRON_PASSWORDS_PER_ADDRESS", "100000"),
    ];
    let app = TestApp::start_with(backend, |flags| {
        defaults.iter().chain(settings).fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    });
    let app = app.await;
    app.register("a@x.io").await;
    app
}

async fn log_in(app: &TestApp, address: &str, password: &str) -> TestResponse {
    let request = app.anonymous().request(Method::POST, LOGIN).header("x-forwarded-for", address);
    app.anonymous().send(request.json(&json!({"email": "a@x.io", "password": password}))).await
}

/// Sends login requests without reading the responses, each followed by `next`.
async fn flood(app: &TestApp, count: usize, next: &str) -> Vec<TcpStream> {
    let body = r#"{"email": "nobody@x.io", "password": "wrong wrong"}"#;
    let request = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {ATTACKER}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}{next}",
        body.len()
    );
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        clients.push(client);
    }
    clients
}

/// Sends login requests on one HTTP/2 connection.
fn flood_over_http2(app: &TestApp, count: usize) -> JoinSet<()> {
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..count {
        let request = client.post(format!("{}{LOGIN}", app.url)).header("x-forwarded-for", ATTACKER);
        let request = request.json(&json!({"email": "nobody@x.io", "password": "wrong wrong"}));
        requests.spawn(async move { drop(request.send().await) });
    }
    requests
}

async fn hang_up(app: &TestApp, how: HangUp) {
    let (mut clients, mut requests) = (Vec::new(), JoinSet::new());
    let waiting = match how {
        HangUp::Close | HangUp::HalfClose => {
            clients = flood(app, 600, "").await;
            100.0
        }
        HangUp::CloseDuringNextRequest => {
            clients = flood(app, 300, "GET / HT").await;
            100.0
        }
        HangUp::Http2Reset => {
            requests = flood_over_http2(app, 90);
            60.0
        }
    };
    until(app, |counts| counts.waiting >= waiting).await;
    let before = counts(app);
    match how {
        HangUp::Close | HangUp::CloseDuringNextRequest => clients.clear(),
        HangUp::HalfClose => {
            for client in &mut clients {
                client.shutdown().await.unwrap();
            }
        }
        HangUp::Http2Reset => requests.shutdown().await,
    }
    assert_eq!(log_in(app, "198.51.100.8", CUSTOMER_PASSWORD).await.status, 200, "{how:?}");
    until(app, |counts| counts.waiting == 0.0).await;
    let after = counts(app);
    let (hashed, abandoned) = (after.hashed - before.hashed, after.abandoned - before.abandoned);
    assert!(hashed < waiting / 2.0 && abandoned > waiting / 2.0, "{how:?}: {before:?} {after:?}");
}

async fn hashes_of_disconnected_clients_are_dropped(backend: Backend) {
    let app = start(backend, &[]).await;
    for how in [HangUp::Close, HangUp::CloseDuringNextRequest, HangUp::HalfClose, HangUp::Http2Reset] {
        hang_up(&app, how).await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hashes_of_disconnected_clients_are_dropped_sqlite() {
    hashes_of_disconnected_clients_are_dropped(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hashes_of_disconnected_clients_are_dropped_postgres() {
    hashes_of_disconnected_clients_are_dropped(Backend::Postgres).await;
}

/// Connected clients of one address fill only their share of the hash queue. A login from another address waits for one
/// or two of their hashes, not for all.
async fn an_address_waits_only_for_its_own_hashes(backend: Backend) {
    let app = start(backend, &[("PATRON_HASH_QUEUE_PER_ADDRESS", "250")]).await;
    let clients = flood(&app, 500, "").await;
    until(&app, |counts| counts.waiting >= 230.0 && counts.rejected > 0.0).await;
    let before = counts(&app);
    assert_eq!(log_in(&app, "198.51.100.8", CUSTOMER_PASSWORD).await.status, 200);
    let after = counts(&app);
    // One or two hashes, and those that finish during the rest of the login.
    assert!(after.hashed - before.hashed < 125.0, "{before:?} {after:?}");
    assert!(after.waiting >= 100.0, "the others still wait: {after:?}");
    assert!(before.waiting <= 250.0, "{before:?}");
    let mut requests: FuturesUnordered<_> =
        std::iter::repeat_with(|| log_in(&app, ATTACKER, "wrong wrong")).take(300).collect();
    let refused = loop {
        let response = requests.next().await.expect("the share of the address is full");
        if response.status == 503 {
            break response;
        }
    };
    drop(requests);
    refused.assert_failure(503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(clients);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_waits_only_for_its_own_hashes_sqlite() {
    an_address_waits_only_for_its_own_hashes(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_waits_only_for_its_own_hashes_postgres() {
    an_address_waits_only_for_its_own_hashes(Backend::Postgres).await;
}

/// Makes every query of customers endless.
async fn make_customers_endless(app: &TestApp) {
    let sql = "ALTER TABLE customer RENAME TO plain_customer;
        CREATE VIEW customer AS
            WITH RECURSIVE number(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number)
            SELECT plain_customer.* FROM plain_customer JOIN number ON number.value < 0;";
    app.app.db.writer().execute_unprepared(sql).await.unwrap();
}

/// Sends a query with the admin's token without reading the response.
async fn send_query(app: &TestApp, query: &str) -> TcpStream {
    let body = json!({"query": query}).to_string();
    let request = format!(
        "POST /api/graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        app.admin().token().unwrap(),
        body.len()
    );
    let mut client = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

fn sample(app: &TestApp, series: &str) -> f64 {
    let text = app.app.render_metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}

const LISTS_IN_USE: &str = "patron_database_connections{pool=\"lists\",state=\"used\"}";
const SELECTS: &str = "patron_database_statement_duration_seconds_count{kind=\"select\",outcome=\"ok\"}";

/// SQLite does not stop a statement by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_on_sqlite_ends_when_its_client_disconnects() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| {
        flags.with("PATRON_DATABASE_STATEMENT_TIMEOUT", "600").with("PATRON_REQUEST_TIMEOUT", "600")
    });
    let app = app.await;
    make_customers_endless(&app).await;
    for query in ["{ customers { total } }", "{ customersConnection(first: 1) { totalCount } }"] {
        let client = send_query(&app, query).await;
        until(&app, |_| sample(&app, LISTS_IN_USE) > 0.0).await;
        drop(client);
        until(&app, |_| sample(&app, LISTS_IN_USE) == 0.0).await;
    }
    app.stop().await;
}

/// The statement is aborted although its client still waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_on_sqlite_ends_after_the_statement_timeout() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| {
        flags.with("PATRON_DATABASE_STATEMENT_TIMEOUT", "1").with("PATRON_REQUEST_TIMEOUT", "600")
    });
    let app = app.await;
    make_customers_endless(&app).await;
    let response = app.admin().query("{ customers { total } }").await;
    assert_eq!(response.graphql_code(), "UNAVAILABLE", "{response:?}");
    let groups = app.admin().query("{ customerGroups { total } }").await;
    assert_eq!(groups.data()["customerGroups"]["total"], 1, "the connection is used again");
    app.stop().await;
}

/// Searches that wait for a database connection are not started once their clients have disconnected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_searches_of_disconnected_clients_are_not_started() {
    let app =
        TestApp::start_with(Backend::Postgres, |flags| flags.with("PATRON_DATABASE_CONNECTIONS", "1")).await;
    let held = app.app.db.begin().await.unwrap();
    let before = sample(&app, SELECTS);
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(send_query(&app, "{ customers { total } }").await);
    }
    until(&app, |_| sample(&app, "patron_http_requests_in_flight") >= 30.0).await;
    clients.clear();
    until(&app, |_| sample(&app, "patron_http_requests_in_flight") == 0.0).await;
    held.rollback().await.unwrap();
    app.admin().query("{ customers { total } }").await.data();
    let selects = sample(&app, SELECTS) - before;
    assert!(selects <= 4.0, "{selects} statements; expected only those of the last query");
    app.stop().await;
}
