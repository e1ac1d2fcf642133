//! More than the server can do: what is too much is refused at once, health is told all the same, and afterwards all is
//! as before.

use std::collections::VecDeque;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{Actor, Backend, TestApp};

const PATIENCE: Duration = Duration::from_secs(30);

async fn requests_beyond_the_limit(backend: Backend) {
    let app = TestApp::start_with(backend, |flags| flags.with("PATRON_CONCURRENT_REQUESTS", "2")).await;
    let customers = [app.register("a@x.io").await, app.register("b@x.io").await];
    // Nobody can write for a while.
    let lock = app.app.db.begin().await.unwrap();
    if backend == Backend::Postgres {
        lock.execute_unprepared("LOCK TABLE customer IN EXCLUSIVE MODE").await.unwrap();
    }
    let admin = app.admin();
    let change = async |number: usize| {
        let path = format!("/api/customers/{}", customers[number]["uuid"].as_str().unwrap());
        admin.patch(&path, &json!({"full_name": "Somebody Else"})).await
    };
    let meanwhile = async {
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
    let (one, two, ()) = tokio::join!(change(0), change(1), meanwhile);
    assert_eq!((one.status, two.status), (200, 200), "those that had a place are done");
    assert_eq!(app.app.concurrency_limit.available_permits(), 2);
    assert_eq!(app.admin().query("{ customers { total } }").await.data()["customers"]["total"], 2);
    assert_eq!(app.register("c@x.io").await["full_name"], "John Smith");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_the_limit_sqlite() {
    requests_beyond_the_limit(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_the_limit_postgres() {
    requests_beyond_the_limit(Backend::Postgres).await;
}

/// A burst while all permits are held is refused, all of it; afterwards each request of a burst is answered, one way or
/// the other, and permits are released whatever the outcome of a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_answered_and_leaves_nothing_behind() {
    let app =
        TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_CONCURRENT_REQUESTS", "4")).await;
    let url = format!("/api/customers/{}", app.register("a@x.io").await["uuid"].as_str().unwrap());
    let admin = app.admin();
    let burst = async || {
        let burst = (0..300).map(|_| admin.query("{ customers { items { email } } }"));
        let answers = futures_util::future::join_all(burst).await;
        let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        (count(200), count(503))
    };
    // Four changes hold the permits as long as they can't write.
    let lock = app.app.db.begin().await.unwrap();
    let change =
        async |number: usize| admin.patch(&url, &json!({"full_name": format!("John {number}")})).await.status;
    let held = futures_util::future::join_all((0..4).map(change));
    let meanwhile = async {
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
    let (held, refused) = tokio::join!(held, meanwhile);
    assert_eq!(
        (held, refused),
        (vec![200; 4], (0, 300)),
        "those with a permit are answered, all others refused"
    );
    let (answered, refused) = burst().await;
    assert_eq!(answered + refused, 300);
    assert!(answered >= 4, "{answered} of 300");
    // Clients that hang up: their requests end.
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

/// Whether the server has closed it.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    matches!(timeout(PATIENCE, stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_connections_beyond_the_limit() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_CONNECTIONS", "50")).await;
    let mut idle = VecDeque::new();
    for number in 0..1050 {
        idle.push_back(connect(&app).await);
        if idle.len() > 100 {
            // The first to come are the first to go.
            assert!(is_closed(&mut idle.pop_front().unwrap()).await);
        }
        if number % 50 == 0 {
            // Each time over a connection of its own.
            let answer = app.raw("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
        }
    }
    // Of those that are left the youngest are open, and good.
    let mut last = idle.pop_back().unwrap();
    last.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    last.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    while idle.len() > 50 {
        assert!(is_closed(&mut idle.pop_front().unwrap()).await);
    }
    app.stop().await;
}

/// A connection on which a request is worked on makes room for nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_connections_stay() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_CONNECTIONS", "3")).await;
    let body = r#"{"query": "{ __typename }"}"#;
    let mut busy = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&app).await;
        let head = format!(
            "POST /api/graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut leave = [0; 25];
        timeout(PATIENCE, stream.read_exact(&mut leave)).await.unwrap().unwrap();
        busy.push(stream);
    }
    for _ in 0..10 {
        assert!(is_closed(&mut connect(&app).await).await, "there is no room");
    }
    for mut stream in busy {
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let answer = app.raw("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    app.stop().await;
}
