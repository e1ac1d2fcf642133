//! HTTP/1.1 connections free their buffers after a second without requests. Clients notice nothing of it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{Backend, TestApp};

/// A timeout longer than every limit in these tests.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than a connection is idle before it frees its buffers.
const PAUSE: Duration = Duration::from_millis(1500);

const ALIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
/// The end of the response to [`ALIVE`].
const END: &str = r#"{"data":{"status":"ok"}}"#;

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("a URL");
    TcpStream::connect(address).await.expect("the server listens")
}

async fn send(stream: &mut TcpStream, bytes: &str) {
    stream.write_all(bytes.as_bytes()).await.expect("the server reads");
}

/// Reads a response to [`ALIVE`].
async fn read_response(stream: &mut TcpStream) {
    let mut response = String::new();
    while !response.ends_with(END) {
        let byte = timeout(PATIENCE, stream.read_u8()).await.expect("a response in time");
        response.push(char::from(byte.unwrap_or_else(|error| panic!("{error} after {response}"))));
    }
    assert!(response.starts_with("HTTP/1.1 200 ") && response.matches("HTTP/1.1").count() == 1, "{response}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_serves_requests_after_pauses() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags).await;
    let mut stream = connect(&app).await;
    for _ in 0..2 {
        send(&mut stream, ALIVE).await;
        read_response(&mut stream).await;
        sleep(PAUSE).await;
    }
    // A request in two parts, and two requests at once.
    let (beginning, rest) = ALIVE.split_at(10);
    send(&mut stream, beginning).await;
    sleep(Duration::from_millis(50)).await;
    send(&mut stream, rest).await;
    read_response(&mut stream).await;
    sleep(PAUSE).await;
    send(&mut stream, &ALIVE.repeat(2)).await;
    read_response(&mut stream).await;
    read_response(&mut stream).await;
    // A stop does not wait for it.
    sleep(PAUSE).await;
    timeout(Duration::from_secs(5), app.stop()).await.expect("the connection is closed at once");
    assert_eq!(stream.read(&mut [0]).await.expect("closed, not reset"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_the_next_request_is_kept_during_a_pause() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags).await;
    let (beginning, rest) = ALIVE.split_at(20);
    let mut stream = connect(&app).await;
    send(&mut stream, &format!("{ALIVE}{beginning}")).await;
    read_response(&mut stream).await;
    sleep(PAUSE).await;
    send(&mut stream, rest).await;
    read_response(&mut stream).await;
    app.stop().await;
}

/// Otherwise a client could hide a request in a body from a proxy that shares the connection with others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_of_a_body_is_not_a_request() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_BODY_TIMEOUT", "1")).await;
    for path in ["/nowhere", "/health/live", "/api/customers", "/api/graphql"] {
        let mut stream = connect(&app).await;
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
        send(&mut stream, &format!("{head}Content-Length: {}\r\n\r\n ", ALIVE.len() + 1)).await;
        let mut bytes = vec![0; 4096];
        let length = timeout(PATIENCE, stream.read(&mut bytes)).await.expect("a response in time");
        bytes.truncate(length.expect("a response"));
        sleep(PAUSE).await;
        // The server may have closed the connection already.
        let _sent = stream.write_all(ALIVE.repeat(2).as_bytes()).await;
        let _end = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server closes");
        let response = String::from_utf8(bytes).expect("the response is text");
        assert!(!response.contains(END) && response.matches("HTTP/1.1 ").count() == 1, "{path}: {response}");
    }
    app.stop().await;
}
