//! Overload: excess requests and connections are refused or closed at once, health checks succeed, and the server
//! recovers.

use std::collections::VecDeque;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{Actor, Backend, TestApp};

const PATIENCE: Duration = Duration::from_secs(30);

async fn requests_beyond_the_limit_are_refused(backend: Backend) {
    let app = TestApp::start_with(backend, |flags| flags.with("PATRON_CONCURRENT_REQUESTS", "2")).await;
    let customers = [app.register("a@x.io").await, app.register("b@x.io").await];
    // Blocks all writes until the rollback.
    let lock = app.app.db.begin().await.unwrap();
    if backend == Backend::Postgres {
        lock.execute_unprepared("LOCK TABLE customer IN EXCLUSIVE MODE").await.unwrap();
    }
    let admin = app.admin();
    let change = async |number: usize| {
        let path = format!("/api/customers/{}", customers[number]["uuid"].as_str().unwrap());
        admin.patch(&path, &json!({"full_name": "Someone Else"})).await
    };
    let during_overload = async {
        for _ in 0..6000 {
            if app.app.concurrency_limit.available_permits() == 0 {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..10 {
            let refused = app.anonymous().get("/api/openapi.json").await;
            refused.assert_failure(503, "unavailable");
            assert_eq!(refused.header("retry-after"), Some("1"));
            let refused = app.anonymous().query("{ __typename }").await;
            assert_eq!((refused.status, refused.graphql_code()), (503, "UNAVAILABLE"));
            let refused =
                app.admin().post("/api/customers", &json!({"full_name": "x".repeat(200_000)})).await;
            refused.assert_failure(503, "unavailable");
            for path in ["/health/live", "/health/ready"] {
                assert_eq!(app.anonymous().get(path).await.status, 200, "{path}");
            }
            assert_ne!(app.anonymous().get("/metrics").await.status, 503);
        }
        lock.rollback().await.unwrap();
    };
    let (one, two, ()) = tokio::join!(change(0), change(1), during_overload);
    assert_eq!((one.status, two.status), (200, 200), "the requests with a permit succeed");
    assert_eq!(app.app.concurrency_limit.available_permits(), 2);
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 2);
    assert_eq!(app.register("c@x.io").await["full_name"], "John Smith");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_the_limit_are_refused_sqlite() {
    requests_beyond_the_limit_are_refused(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_the_limit_are_refused_postgres() {
    requests_beyond_the_limit_are_refused(Backend::Postgres).await;
}

/// While all permits are held, every request of a burst is refused. Afterwards each request of a burst succeeds or is
/// refused, and every permit is released.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_releases_all_permits() {
    let app =
        TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_CONCURRENT_REQUESTS", "4")).await;
    let url = format!("/api/customers/{}", app.register("a@x.io").await["uuid"].as_str().unwrap());
    let admin = app.admin();
    let burst = async || {
        let burst = (0..300).map(|_| admin.query("{ customers { items { email } } }"));
        let responses = futures_util::future::join_all(burst).await;
        let count = |status: u16| responses.iter().filter(|response| response.status == status).count();
        (count(200), count(503))
    };
    // Four changes hold the permits while the lock blocks their writes.
    let lock = app.app.db.begin().await.unwrap();
    let change =
        async |number: usize| admin.patch(&url, &json!({"full_name": format!("John {number}")})).await.status;
    let held = futures_util::future::join_all((0..4).map(change));
    let during_overload = async {
        for _ in 0..6000 {
            if app.app.concurrency_limit.available_permits() == 0 {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        let refused = burst().await;
        lock.rollback().await.unwrap();
        refused
    };
    let (held, refused) = tokio::join!(held, during_overload);
    assert_eq!(
        (held, refused),
        (vec![200; 4], (0, 300)),
        "requests with a permit succeed, all others are refused"
    );
    let (succeeded, refused) = burst().await;
    assert_eq!(succeeded + refused, 300);
    assert!(succeeded >= 4, "{succeeded} of 300");
    // Requests of disconnected clients end.
    for _ in 0..50 {
        let mut stream = connect(&app).await;
        let head = "POST /api/graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
    }
    for _ in 0..6000 {
        if app.app.concurrency_limit.available_permits() == 4 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(app.app.concurrency_limit.available_permits(), 4);
    assert_eq!(app.admin().query("{ customers { total } }").await.status, 200);
    app.stop().await;
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.expect("the server listens")
}

/// Waits for the server to close the connection.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    matches!(timeout(PATIENCE, stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_beyond_the_limit_are_closed() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_CONNECTIONS", "50")).await;
    let mut idle = VecDeque::new();
    for number in 0..1050 {
        idle.push_back(connect(&app).await);
        if idle.len() > 100 {
            // The oldest connections are closed first.
            assert!(is_closed(&mut idle.pop_front().unwrap()).await);
        }
        if number % 50 == 0 {
            // Over a new connection each time.
            let response =
                app.send_raw("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
            assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
        }
    }
    // The newest connections are open and usable.
    let mut last = idle.pop_back().unwrap();
    last.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    last.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    while idle.len() > 50 {
        assert!(is_closed(&mut idle.pop_front().unwrap()).await);
    }
    app.stop().await;
}

/// A connection with a request in progress is not closed in favor of a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_connections_are_not_closed() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_CONNECTIONS", "3")).await;
    let body = r#"{"query": "{ __typename }"}"#;
    // The connection of the login is idle, and can be evicted, as soon as its response is handed over completely.
    let handed_over = async {
        while app.app.metrics.http.server.unsent_bytes() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, handed_over).await.expect("the response is handed over");
    let mut busy = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&app).await;
        let head = format!(
            "POST /api/graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut interim_response = [0; 25];
        timeout(PATIENCE, stream.read_exact(&mut interim_response)).await.unwrap().unwrap();
        busy.push(stream);
    }
    for _ in 0..10 {
        assert!(is_closed(&mut connect(&app).await).await, "the limit is reached");
    }
    for mut stream in busy {
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
    let response = app.send_raw("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    app.stop().await;
}
