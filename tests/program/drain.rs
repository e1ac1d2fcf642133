//! Stopping the program: SIGTERM drains first, SIGINT does not, and a second signal ends it at once. `rolling.rs` replaces
//! instances behind a proxy.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use h2::client::SendRequest;
use patron::clock::Timer;
use tokio::task::JoinHandle;

use crate::support::{Folder, Server};

/// A limit for what happens at once, on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Starts a server with this drain in seconds.
fn serve(folder: &Folder, drain: &str) -> Server {
    Server::serve(folder.path(), &[("PATRON_DRAIN", drain)])
}

/// Sends SIGTERM, and waits until the server is not ready. Returns the response of the readiness check.
fn begin_drain(server: &Server) -> String {
    server.signal("TERM");
    let timer = Timer::start();
    loop {
        let response = server.send("GET /health/ready", "", "");
        if response.starts_with("HTTP/1.1 503") {
            return response;
        }
        assert!(timer.elapsed() < SOON, "the server is still ready: {response}");
    }
}

/// Sends a request over a connection that stays open, and reads its response, head and body.
fn request(stream: &mut TcpStream, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", stream.peer_addr().expect("an address"))
        .expect("the request is sent");
    let mut response = Vec::new();
    let mut byte = [0];
    while !response.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("the head of a response");
        response.push(byte[0]);
    }
    let head = String::from_utf8(response).expect("the head is text").to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    stream.read_exact(&mut body).expect("the body of a response");
    head + &String::from_utf8(body).expect("the body is text")
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).expect("the server listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream
}

/// Whether the server has closed the connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_draining_server_is_not_ready_but_serves_requests_and_ends_connections() {
    let folder = Folder::new();
    let server = serve(&folder, "600");
    let (mut resting, mut idle) = (connect(&server), connect(&server));
    for stream in [&mut resting, &mut idle] {
        let response = request(stream, "/health/live");
        assert!(
            response.starts_with("http/1.1 200") && !response.contains("connection: close"),
            "{response}"
        );
        // After a second a connection has freed its buffers.
        std::thread::sleep(Duration::from_millis(750));
    }

    let response = begin_drain(&server);
    assert!(
        response.contains(r#""code":"unavailable""#) && response.contains("The server is stopping"),
        "{response}"
    );
    assert!(response.to_lowercase().contains("retry-after: 1"), "{response}");
    // A request that was on its way over an idle connection is answered, and is the last one of the connection.
    let mut new = connect(&server);
    for stream in [&mut resting, &mut idle, &mut new] {
        let response = request(stream, "/health/live");
        assert!(response.starts_with("http/1.1 200") && response.contains("connection: close"), "{response}");
        assert!(is_closed(stream));
    }
    let body = r#"{"full_name": "A", "email": "a@x.io", "password": "correct horse"}"#;
    let response = server.send("POST /api/customers", "", body);
    assert!(response.starts_with("HTTP/1.1 201"), "{response}");

    let timer = Timer::start();
    let (code, log) = server.terminate();
    assert!(timer.elapsed() < SOON, "the second signal ends the drain");
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("draining") && log.contains("a second signal"), "{log}");
}

/// An HTTP/2 connection, and its task.
type Http2 = (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>);

async fn open_http2(server: &Server) -> Http2 {
    let stream = tokio::net::TcpStream::connect(&server.address).await.expect("the server listens");
    let (client, connection) = h2::client::handshake(stream).await.expect("the server speaks HTTP/2");
    (client, tokio::spawn(connection))
}

/// The status of a request over HTTP/2.
async fn get_http2(client: &SendRequest<Bytes>, server: &Server) -> u16 {
    let mut client = client.clone().ready().await.expect("the connection is open");
    let request = Request::get(format!("{}/health/live", server.url())).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("the request is sent");
    response.await.expect("a response").status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_server_sends_goaway_over_http2() {
    let folder = Folder::new();
    let server = serve(&folder, "600");
    let (early, early_connection) = open_http2(&server).await;
    assert_eq!(get_http2(&early, &server).await, 200);
    begin_drain(&server);
    let (late, late_connection) = open_http2(&server).await;
    assert_eq!(get_http2(&late, &server).await, 200, "a new connection serves its first request");
    // Both clients still have their handles, so only the server can end the connections.
    for connection in [early_connection, late_connection] {
        let ended = tokio::time::timeout(SOON, connection).await.expect("the connection ends");
        ended.expect("no panic").expect("the connection ends without an error");
    }
    drop((early, late));
    server.kill();
}

/// A client that does not respond, such as one whose machine sleeps, keeps no connection open.
#[test]
fn an_http2_client_that_ignores_the_goaway_does_not_prolong_the_stop() {
    let folder = Folder::new();
    let server = Server::serve(folder.path(), &[("PATRON_DRAIN", "0"), ("PATRON_SHUTDOWN_TIMEOUT", "600")]);
    let mut used = connect(&server);
    let mut new = connect(&server);
    // The preface, empty SETTINGS, and on the first connection a request: GET, http, /, and the host `x` (RFC 7541, appendix A).
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let headers = b"\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x86\x84\x01\x01x";
    used.write_all(&[&preface[..], &headers[..]].concat()).expect("a request");
    new.write_all(preface).expect("a preface");
    for stream in [&mut used, &mut new] {
        stream.read_exact(&mut [0; 9]).expect("the settings of the server");
    }
    let timer = Timer::start();
    let (code, log) = server.terminate();
    assert!(code == Some(0) && timer.elapsed() < SOON, "{:?} {log}", timer.elapsed());
}

#[test]
fn sigint_does_not_drain() {
    let folder = Folder::new();
    let server = serve(&folder, "600");
    let timer = Timer::start();
    server.signal("INT");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(timer.elapsed() < SOON && !log.contains("draining"), "{:?} {log}", timer.elapsed());
}

/// A client that connects just before the stop sends its request just after it.
#[test]
fn a_request_that_is_on_its_way_at_the_stop_is_served() {
    let folder = Folder::new();
    let server = serve(&folder, "0");
    let mut new = connect(&server);
    server.signal("TERM");
    let timer = Timer::start();
    while TcpStream::connect(&server.address).is_ok() {
        assert!(timer.elapsed() < SOON, "the server still listens");
        std::thread::sleep(Duration::from_millis(5));
    }
    let response = request(&mut new, "/health/live");
    assert!(response.starts_with("http/1.1 200") && response.contains("connection: close"), "{response}");
    assert!(is_closed(&mut new));
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_drain_ends_by_itself_and_closes_idle_connections() {
    let folder = Folder::new();
    let server = serve(&folder, "1");
    let mut idle = connect(&server);
    assert!(request(&mut idle, "/health/live").starts_with("http/1.1 200"));
    let timer = Timer::start();
    let (code, log) = server.terminate();
    let elapsed = timer.elapsed();
    assert_eq!(code, Some(0), "{log}");
    assert!(elapsed >= Duration::from_secs(1) && elapsed < SOON, "{elapsed:?} {log}");
    assert!(is_closed(&mut idle));
    let (draining, stopping) = (log.find("draining"), log.find("stopping: no new connections"));
    assert!(draining.is_some() && draining < stopping, "{log}");
}
