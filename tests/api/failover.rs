//! The database moves to another server, or its server freezes, while nothing closes the open connections. Requests get a
//! response in time, and no restart is needed.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::join_all;
use patron::app::ctx::AdminCtx;
use patron::clock::Timer;
use patron::entity::{customer, webhook_delivery};
use patron::worker;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait, Statement};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{
    Actor, Backend, CUSTOMER_PASSWORD, Cluster, Proxy, ProxyMode, Switch, TestApp, TestResponse,
};

/// How long requests of these tests wait for the database, in seconds.
const WAIT: u64 = 4;
/// Half of that time.
const HALF: Duration = Duration::from_secs(WAIT / 2);
/// The margin for a busy machine.
const BUSY: Duration = Duration::from_secs(4);

async fn register(app: &TestApp, email: &str) -> TestResponse {
    let body = json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customers", &body).await
}

/// A server on the database of a cluster, which it migrates.
async fn start_on(app: &TestApp, url: &str) -> TestApp {
    start_with_wait(app, url, WAIT).await
}

async fn start_with_wait(app: &TestApp, url: &str, wait: u64) -> TestApp {
    let wait = wait.to_string();
    let server = app
        .second_instance_with(|flags| {
            flags.with("DATABASE_URL", url).with("PATRON_DATABASE_WAIT", wait.clone())
        })
        .await;
    let database = &server.app.db;
    database.migrate(&server.app.config.database).await.expect("the migrations run");
    server
}

/// Registers six customers at each server, which has to succeed.
async fn register_all(servers: [&TestApp; 2], name: &str) {
    for (server, index) in servers.into_iter().zip(0..) {
        for number in 0..6 {
            let response = register(server, &format!("{name}{index}{number}@x.io")).await;
            assert_eq!(response.status, 201, "{name}, server {index}: {response:?}");
        }
    }
}

/// Registers customers until it succeeds. Returns how long that took.
async fn register_until_accepted(app: &TestApp, email: &str) -> Duration {
    let timer = Timer::start();
    loop {
        let response = register(app, email).await;
        match response.status {
            201 => return timer.elapsed(),
            503 => assert!(timer.elapsed() < Duration::from_secs(30), "the server does not recover"),
            _ => panic!("{response:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_probes_of_a_frozen_postgres_end_in_time() {
    let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
    let switch = Switch::start(&cluster.port).await;
    let server = start_on(&app, &cluster.url(&format!("127.0.0.1:{}", switch.port))).await;
    // Opens all connections.
    let emails: Vec<String> = (0..8).map(|number| format!("{number}@x.io")).collect();
    for response in join_all(emails.iter().map(|email| register(&server, email))).await {
        assert_eq!(response.status, 201, "{response:?}");
    }
    switch.set_target(None);
    switch.freeze();
    let timer = Timer::start();
    let requests = join_all(emails.iter().map(|email| register(&server, email)));
    let probes = join_all((0..4).map(|_| async { server.anonymous().get("/health/ready").await }));
    let (responses, probes) = tokio::join!(requests, probes);
    let elapsed = timer.elapsed();
    for response in responses.iter().chain(&probes) {
        response.assert_failure(503, "unavailable");
    }
    assert!(elapsed < Duration::from_secs(WAIT + 1) + BUSY, "{elapsed:?}");
    switch.set_target(Some(&cluster.port));
    let elapsed = register_until_accepted(&server, "after@x.io").await;
    assert!(elapsed < Duration::from_secs(2) + BUSY, "the frozen connections are left: {elapsed:?}");
    assert_eq!(server.anonymous().get("/health/ready").await.status, 200);
    server.stop().await;
    app.stop().await;
    cluster.stop().await;
}

/// A connection that keeps all others from writing customers.
async fn block_writes(cluster: &Cluster) -> DatabaseConnection {
    let blocker = cluster.database(&cluster.port).await;
    let lock = "BEGIN; LOCK TABLE customer IN SHARE MODE";
    blocker.execute_unprepared(lock).await.expect("the table is locked");
    blocker
}

/// Waits until so many statements wait for the table.
async fn wait_until_blocked(blocker: &DatabaseConnection, count: i64) {
    let timer = Timer::start();
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'customer'::regclass";
    loop {
        let row = blocker.query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await;
        let row = row.expect("the server responds").expect("a row");
        let found: i64 = row.try_get_by_index(0).expect("a number");
        if found >= count {
            return;
        }
        assert!(timer.elapsed() < Duration::from_secs(20), "{found} of {count} statements wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Ends all other connections on the side of the server, and unlocks the table.
async fn unblock(blocker: DatabaseConnection) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'patron' AND pid <> pg_backend_pid()";
    blocker.execute_unprepared(end).await.expect("the connections end");
    blocker.close().await.expect("the connection closes");
}

/// Whether its change was made is looked up after a failure, but not for as long again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_a_key_waits_for_a_frozen_postgres_once() {
    const LONG_WAIT: u64 = 8;
    let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
    let switch = Switch::start(&cluster.port).await;
    let url = cluster.url(&format!("127.0.0.1:{}", switch.port));
    let server = start_with_wait(&app, &url, LONG_WAIT).await;
    let blocker = block_writes(&cluster).await;
    let client = server.anonymous();
    let body = json!({"full_name": "John Smith", "email": "a@x.io", "password": CUSTOMER_PASSWORD});
    let request = client.request(reqwest::Method::POST, "/api/customers").json(&body);
    let freeze = async {
        wait_until_blocked(&blocker, 1).await;
        switch.set_target(None);
        switch.freeze();
        Timer::start()
    };
    let (response, timer) = tokio::join!(client.send(request.header("idempotency-key", "frozen")), freeze);
    let elapsed = timer.elapsed();
    response.assert_failure(503, "unavailable");
    assert!(elapsed < Duration::from_secs(LONG_WAIT + 1) + BUSY, "{elapsed:?}");
    unblock(blocker).await;
    server.stop().await;
    app.stop().await;
    cluster.stop().await;
}

/// Otherwise clients with a shorter time limit would keep a server from leaving a frozen database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_postgres_is_left_although_all_clients_hang_up() {
    let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
    let switch = Switch::start(&cluster.port).await;
    let server = start_on(&app, &cluster.url(&format!("127.0.0.1:{}", switch.port))).await;
    let blocker = block_writes(&cluster).await;
    let emails: Vec<String> = (0..8).map(|number| format!("{number}@x.io")).collect();
    let requests = join_all(emails.iter().map(|email| register(&server, email)));
    let hang_up = async {
        // All connections. The server is asked whether it responds when a statement has run for half of the time.
        wait_until_blocked(&blocker, 4).await;
        tokio::time::sleep(HALF / 2).await;
        switch.set_target(None);
        switch.freeze();
        // The question has been asked by then, and the other half, in which it has to respond, is not over.
        tokio::time::sleep(HALF - Duration::from_millis(100)).await;
    };
    tokio::select! {
        responses = requests => panic!("{responses:?}"),
        () = hang_up => {}
    }
    unblock(blocker).await;
    switch.set_target(Some(&cluster.port));
    let elapsed = register_until_accepted(&server, "after@x.io").await;
    assert!(elapsed < Duration::from_secs(WAIT) + BUSY, "{elapsed:?}");
    server.stop().await;
    app.stop().await;
    cluster.stop().await;
}

/// A wrong password or database is not an outage that has to be waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_at_several_hosts_is_reported_at_once() {
    let app = TestApp::start(Backend::Postgres).await;
    let own = app.app.config.database.url.expose_secret();
    let database = app.database.as_deref().unwrap();
    let host = own.rsplit_once('@').unwrap().1.split_once('/').unwrap().0;
    let url = own.replace(host, &format!("{host},{host}")).replace(database, "patron_missing");
    let server = app
        .second_instance_with(|flags| flags.with("DATABASE_URL", &url).with("PATRON_DATABASE_WAIT", "30"))
        .await;
    let timer = Timer::start();
    server.anonymous().get("/health/ready").await.assert_failure(503, "unavailable");
    assert!(timer.elapsed() < Duration::from_secs(10), "{:?}", timer.elapsed());
    server.stop().await;
    app.stop().await;
}

/// Through a proxy, and with both servers in the URL. The former primary keeps its connections and refuses writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switchover_is_followed_without_closed_connections() {
    let (app, cluster) = (TestApp::start(Backend::Postgres).await, Cluster::start().await);
    let switch = Switch::start(&cluster.port).await;
    let proxied = start_on(&app, &cluster.url(&format!("127.0.0.1:{}", switch.port))).await;
    let standby = cluster.start_standby().await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", standby.port, cluster.port);
    let listed = start_on(&app, &format!("{}&target_session_attrs=read-write", cluster.url(&hosts))).await;
    let servers = [&proxied, &listed];
    register_all(servers, "before").await;
    cluster.switch_over(&standby).await;
    register(&proxied, "refused@x.io").await.assert_failure(503, "unavailable");
    proxied.anonymous().get("/health/ready").await.assert_failure(503, "unavailable");
    switch.set_target(Some(&standby.port));
    for (server, email) in [(&proxied, "proxied@x.io"), (&listed, "listed@x.io")] {
        let elapsed = register_until_accepted(server, email).await;
        assert!(elapsed < Duration::from_secs(3) + BUSY, "{email}: {elapsed:?}");
        assert_eq!(server.anonymous().get("/health/ready").await.status, 200);
    }
    // The pool checks connections that were idle for a second. None leads to the former primary then.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    register_all(servers, "after").await;
    let promoted = cluster.database(&standby.port).await;
    let stored = customer::Entity::find().count(&promoted).await.expect("the server responds");
    assert_eq!(stored, 26, "what was acknowledged, and nothing else");
    promoted.close().await.expect("the connection closes");
    // Nothing needs the former primary.
    cluster.crash().await;
    register_all(servers, "alone").await;
    for server in [proxied, listed] {
        server.stop().await;
    }
    app.stop().await;
    cluster.stop().await;
}

/// A webhook receiver that accepts one delivery when the test allows it.
async fn accept_one(listener: TcpListener, received: oneshot::Sender<()>, allowed: oneshot::Receiver<()>) {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut request = [0; 4096];
    // The start of the request is enough.
    let _length = client.read(&mut request).await.unwrap();
    received.send(()).unwrap();
    allowed.await.unwrap();
    client.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
    // Until the client closes the connection: closing it with unread bytes would reset it.
    while client.read(&mut request).await.is_ok_and(|length| length > 0) {}
}

/// Otherwise another worker would send it again when the claim has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_recorded_when_the_database_is_available_again() {
    let app = TestApp::start(Backend::Postgres).await;
    let (proxy, url) = Proxy::for_postgres(app.database.as_ref().unwrap()).await;
    let server = app
        .second_instance_with(|flags| {
            let flags = flags.with("DATABASE_URL", &url).with("PATRON_DATABASE_WAIT", "1");
            flags.with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8").with("PATRON_WEBHOOK_TIMEOUT", "20")
        })
        .await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let receiver = format!("http://{}/", listener.local_addr().unwrap());
    let body = json!({"url": receiver, "events": ["customer.created"]});
    let request = server.anonymous().request(reqwest::Method::POST, "/api/webhook-endpoints").json(&body);
    let created = server.anonymous().send(request.bearer_auth(app.admin().token().unwrap())).await;
    assert_eq!(created.status, 201, "{created:?}");
    server.register("a@x.io").await;
    server.publish().await;
    let (received, is_received) = oneshot::channel();
    let (allow, allowed) = oneshot::channel();
    let accepting = tokio::spawn(accept_one(listener, received, allowed));
    let ctx = AdminCtx::system(server.app.clone());
    let delivering = tokio::spawn(async move { worker::deliver_due(&ctx).await });
    is_received.await.unwrap();
    proxy.set_mode(ProxyMode::Refuse);
    proxy.close_connections();
    allow.send(()).unwrap();
    accepting.await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!delivering.is_finished(), "it is recorded again and again");
    proxy.set_mode(ProxyMode::Forward);
    assert_eq!(delivering.await.unwrap().unwrap(), 1);
    let delivery = webhook_delivery::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    assert_eq!((delivery.attempts, delivery.delivered_at.is_some()), (1, true));
    server.stop().await;
    drop(proxy);
    app.stop().await;
}
