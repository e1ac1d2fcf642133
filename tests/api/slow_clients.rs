//! Slow and stalled clients: each connection is closed after a timeout, and other clients are not delayed.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::support::{Actor, Backend, TestApp};

/// A timeout longer than every limit in these tests.
const PATIENCE: Duration = Duration::from_secs(30);

async fn start(settings: &[(&'static str, &str)]) -> TestApp {
    TestApp::start_with(Backend::Sqlite, |flags| {
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await
}

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("a URL");
    TcpStream::connect(address).await.expect("the server listens")
}

/// The bytes that arrive until the server closes the connection.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset counts as closed.
    let _end = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server closes");
    String::from_utf8(bytes).expect("the response is text")
}

/// Sends these bytes and then single bytes at intervals, until the server closes the connection.
async fn drip(app: &TestApp, beginning: &str) -> String {
    let (mut from, mut to) = connect(app).await.into_split();
    to.write_all(beginning.as_bytes()).await.expect("the beginning is sent");
    let dripping = tokio::spawn(async move {
        for _ in 0..400 {
            sleep(Duration::from_millis(100)).await;
            if to.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let mut bytes = Vec::new();
    let _end = timeout(PATIENCE, from.read_to_end(&mut bytes)).await.expect("the server closes");
    dripping.abort();
    String::from_utf8(bytes).expect("the response is text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_headers_time_out() {
    let app = start(&[("PATRON_HEADER_TIMEOUT", "1")]).await;
    let quiet = async {
        let mut stream = connect(&app).await;
        until_closed(&mut stream).await
    };
    let second_request = async {
        // An endless second request on a connection is closed too.
        let mut stream = connect(&app).await;
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 4096];
        let length = stream.read(&mut first).await.unwrap();
        assert!(first[..length].starts_with(b"HTTP/1.1 200"));
        stream.write_all(b"GET /health/live HTTP/1.1\r\n").await.unwrap();
        until_closed(&mut stream).await
    };
    let (quiet, second_request, line, header, preface, health) = tokio::join!(
        quiet,
        second_request,
        drip(&app, "G"),
        drip(&app, "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        // An incomplete preface of HTTP/2.
        drip(&app, "PRI * HTTP/2.0\r\n\r\n"),
        async { app.anonymous().get("/health/live").await },
    );
    for (what, response) in [("quiet", quiet), ("second request", second_request), ("header", header)] {
        assert_eq!(response, "", "{what}");
    }
    // An impossible request may receive 400.
    for response in [line, preface] {
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 400"), "{response}");
    }
    assert_eq!(health.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_bodies_time_out() {
    let app = start(&[("PATRON_BODY_TIMEOUT", "1")]).await;
    let head = "POST /api/customers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let sized = format!("{head}Content-Length: 1000\r\n\r\n{{\"");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n1000\r\n");
    let stalled = async {
        let mut stream = connect(&app).await;
        let request = format!("{head}Content-Length: 1000\r\n\r\n{{\"full_name\"");
        stream.write_all(request.as_bytes()).await.unwrap();
        until_closed(&mut stream).await
    };
    let (stalled, dripping, chunked) = tokio::join!(stalled, drip(&app, &sized), drip(&app, &chunked));
    for response in [stalled, dripping, chunked] {
        let (head, body) = response.split_once("\r\n\r\n").expect("a response");
        assert!(
            head.starts_with("HTTP/1.1 408 ") && head.to_lowercase().contains("connection: close"),
            "{response}"
        );
        let body: serde_json::Value = serde_json::from_str(body).expect("a JSON body");
        assert_eq!(
            (body["error"]["status"].as_u64(), body["error"]["code"].as_str()),
            (Some(408), Some("bad_request"))
        );
        assert_eq!(body["error"]["message"], "The body did not arrive in time");
    }
    assert!(app.customers().await.is_empty());
    app.stop().await;
}

/// A request that waits for its body after `100 Continue` holds no permit, and continues when the body arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_a_body_holds_no_permit() {
    let app = start(&[("PATRON_CONCURRENT_REQUESTS", "1")]).await;
    let body = r#"{"full_name": "John Smith", "email": "a@x.io", "password": "correct horse battery"}"#;
    let mut stream = connect(&app).await;
    let head = format!(
        "POST /api/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim_response = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut interim_response)).await.unwrap().unwrap();
    assert_eq!(&interim_response, b"HTTP/1.1 100 Continue\r\n\r\n");
    // The body arrives in small pieces.
    let (last, pieces) = body.as_bytes().split_last().unwrap();
    for piece in pieces.chunks(5) {
        assert_eq!(app.anonymous().query("{ __typename }").await.status, 200);
        stream.write_all(piece).await.unwrap();
    }
    assert_eq!(app.anonymous().query("{ __typename }").await.status, 200);
    stream.write_all(&[*last]).await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with("HTTP/1.1 201 "));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_are_closed() {
    let app = start(&[("PATRON_IDLE_TIMEOUT", "1")]).await;
    let mut stream = connect(&app).await;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let response = until_closed(&mut stream).await;
    assert!(
        response.starts_with("HTTP/1.1 200 ") && !response.to_lowercase().contains("connection: close"),
        "{response}"
    );
    // HTTP/2: settings and pings don't count as requests.
    let get = [&[0x82, 0x86, 0x04, 12], b"/health/live".as_slice()].concat();
    let bytes = over_http2(&app, &get, b"\0\0\x08\x06\0\0\0\0\0patronpi").await;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(r#"{"data":{"status":"ok"}}"#), "{text}");
    // The client receives GOAWAY (RFC 9113 6.8) and loses no request.
    let mut frames = bytes.as_slice();
    let mut types = Vec::new();
    while let [a, b, c, kind, ..] = frames {
        types.push(*kind);
        let length = (usize::from(*a) << 16) + (usize::from(*b) << 8) + usize::from(*c);
        frames = frames.get(9 + length..).unwrap_or_default();
    }
    assert!(types.contains(&7), "{types:?}");
    app.stop().await;
}

/// Opens an HTTP/2 connection and sends one request, its fields as literals without indexing (RFC 7541 6.2.2). Then it
/// sends a frame at intervals until the server closes the connection.
async fn over_http2(app: &TestApp, fields: &[u8], drip: &'static [u8]) -> Vec<u8> {
    const POST: u8 = 0x83;
    // END_HEADERS, and END_STREAM for a request without a body.
    let flags = if fields[0] == POST { 4 } else { 5 };
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend([0, 0, u8::try_from(fields.len()).unwrap(), 1, flags, 0, 0, 0, 1]);
    bytes.extend(fields);
    let mut stream = connect(app).await;
    stream.write_all(&bytes).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let dripping = tokio::spawn(async move {
        for _ in 0..200 {
            sleep(Duration::from_millis(200)).await;
            if to.write_all(drip).await.is_err() {
                return;
            }
        }
    });
    let mut response = Vec::new();
    let _end = timeout(PATIENCE, from.read_to_end(&mut response)).await.expect("the server closes");
    dripping.abort();
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_bodies_over_http2_time_out() {
    let app = start(&[("PATRON_BODY_TIMEOUT", "1"), ("PATRON_IDLE_TIMEOUT", "1")]).await;
    let content_type = [&[0x0f, 0x10, 16], b"application/json".as_slice()].concat();
    let post = [&[0x83, 0x86, 0x04, 14], b"/api/customers".as_slice(), &content_type].concat();
    // One byte of the body per frame.
    let bytes = over_http2(&app, &post, b"\0\0\x01\0\0\0\0\0\x01 ").await;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("The body did not arrive in time"), "{text}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_responses_time_out() {
    let app = start(&[("PATRON_SEND_TIMEOUT", "1")]).await;
    let address = app.url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    // So that the responses don't fit into the client's receive buffer.
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let ask = async {
        // Requests 300 KB repeatedly until the connection is closed.
        for number in 0..2000 {
            if to.write_all(b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
                return;
            }
            if number > 100 {
                sleep(Duration::from_millis(20)).await;
            }
        }
        panic!("the server never closed");
    };
    timeout(2 * PATIENCE, ask).await.expect("the server closes");
    let mut bytes = Vec::new();
    let _end = timeout(PATIENCE, from.read_to_end(&mut bytes)).await.expect("the connection is closed");
    assert!(bytes.starts_with(b"HTTP/1.1 200 "));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_size_is_limited() {
    let app = start(&[("PATRON_HEADER_BYTES", "8192")]).await;
    let ask = async |size: usize| {
        let filling = "x".repeat(size);
        let request = format!(
            "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Filling: {filling}\r\n\r\n"
        );
        app.send_raw(&request).await
    };
    assert!(ask(7000).await.starts_with("HTTP/1.1 200 "));
    assert!(ask(8192).await.starts_with("HTTP/1.1 431 "));
    let many = "X-Many: x\r\n".repeat(101);
    let many = app.send_raw(&format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{many}\r\n")).await;
    assert!(many.starts_with("HTTP/1.1 431 "), "{many}");
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    for (size, status) in [(7000, 200), (8192, 431)] {
        let request = client.get(format!("{}/health/live", app.url)).header("x-filling", "x".repeat(size));
        assert_eq!(request.send().await.unwrap().status(), status, "{size}");
    }
    app.stop().await;
}
