//! Clients that don't read responses: the unsent bytes in memory are bounded per connection and in total, and other
//! clients are not affected.

use std::time::Duration;

use futures_util::future::join_all;
use h2::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::unread_client::{Client, LargeQuery, PATIENCE, read};
use crate::support::{Actor, Backend, TestApp};

/// A response of about 1.2 MB that needs little work.
const LARGE: &str = "/api/openapi.json";
const KIB: usize = 1024;

async fn start(settings: &[(&'static str, &str)]) -> TestApp {
    TestApp::start_with(Backend::Sqlite, |flags| {
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await
}

fn unsent(app: &TestApp) -> usize {
    app.app.metrics.http.server.unsent_bytes()
}

/// Waits until the number of unsent bytes meets the condition.
async fn until(app: &TestApp, is_reached: impl Fn(usize) -> bool) {
    let reached = async {
        while !is_reached(unsent(app)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, reached).await.is_ok(), "{} bytes are unsent", unsent(app));
}

/// Sends requests of another client one after the other; each has to succeed within this time. Returns the maximum
/// number of unsent bytes.
async fn query_as_other(app: &TestApp, requests: usize, within: Duration) -> usize {
    let mut max = 0;
    for number in 0..requests {
        let anonymous = app.anonymous();
        let response = timeout(within, anonymous.query("{ __typename }")).await;
        assert_eq!(response.map(|response| response.status), Ok(200), "request {number}");
        max = max.max(unsent(app));
    }
    max
}

/// This flood once filled the memory: 60 connections with the maximum number of streams and windows of 0. Limits are a
/// sixteenth of the defaults, so that a debug build keeps up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_over_http_2_is_bounded_and_delays_no_others() {
    let budget = 2 * 1024 * KIB;
    let settings = [
        ("PATRON_UNSENT_BYTES", &*budget.to_string()),
        ("PATRON_UNSENT_BYTES_PER_CONNECTION", "65536"),
        // Longer than the test: otherwise a debug build would be busy with the requests that follow reset streams.
        ("PATRON_STALL_TIMEOUT", "120"),
    ];
    let app = start(&settings).await;
    let query = LargeQuery::prepare(&app, 1, 20_000).await;
    let flood = join_all((0..60).map(async |_| {
        let client = Client::connect(&app, 0).await;
        let streams = join_all((0..100).map(|_| client.send_query(&query))).await;
        (client, streams)
    }))
    .await;
    until(&app, |bytes| bytes > budget / 2).await;
    let first = query_as_other(&app, 20, PATIENCE).await;
    let max = query_as_other(&app, 200, Duration::from_secs(1)).await.max(first);
    // The budget may be exceeded by the responses in progress when it was reached: five per connection.
    assert!(max <= budget + 60 * 5 * 21 * KIB, "{max} bytes were unsent");
    drop(flood);
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// Clients that respect the limit of streams can send any number of requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_allows_100_streams() {
    let app = start(&[]).await;
    let (client, mut connection) = Client::open(&app, 65_535).await;
    let size = {
        let read = client.read(LARGE);
        tokio::pin!(read);
        tokio::select! {
            size = &mut read => size,
            _ = &mut connection => panic!("the connection ended"),
        }
    };
    assert_eq!(connection.max_concurrent_send_streams(), 100);
    let driver = tokio::spawn(connection);
    let sizes = join_all((0..300).map(|_| client.read(LARGE))).await;
    assert!(sizes.into_iter().all(|other| other == size));
    drop(client);
    driver.abort();
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// Unsent bytes of a connection delay only further requests of the same connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_over_its_unsent_limit_waits() {
    let app =
        start(&[("PATRON_UNSENT_BYTES_PER_CONNECTION", "1000000"), ("PATRON_STALL_TIMEOUT", "60")]).await;
    let client = Client::connect(&app, 10).await;
    let size = Client::connect(&app, 65_535).await.read(LARGE).await;
    // One by one, so that their size is known.
    let mut bodies = Vec::new();
    while unsent(&app) <= 1_000_000 {
        bodies.push(client.start_response(LARGE).await);
    }
    assert!(unsent(&app) <= 1_000_000 + size, "{}", unsent(&app));
    let mut waiting = Box::pin(client.read("/health/live"));
    let other = Client::connect(&app, 65_535).await;
    for _ in 0..20 {
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("the request is handled"),
            length = other.read("/health/live") => assert!(length > 0),
        }
    }
    // When a response has been read, the request continues.
    let (read_length, length) = tokio::join!(read(bodies.pop().expect("a response")), waiting);
    assert_eq!(read_length.expect("the whole body arrives"), size);
    assert!(length > 0);
    // Canceled responses don't count.
    drop(bodies);
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_stream_is_reset() {
    let app = start(&[("PATRON_STALL_TIMEOUT", "1")]).await;
    let client = Client::connect(&app, 0).await;
    let large = client.start_response(LARGE).await;
    let small = client.start_response("/health/live").await;
    drop(client);
    let client = Client::connect(&app, 100_000).await;
    let mut body = client.start_response(LARGE).await;
    // Reads the initial window.
    let mut length = 0;
    while length < 100_000 {
        length += timeout(PATIENCE, body.data()).await.expect("in time").expect("data").expect("data").len();
    }
    // Other requests on the connection succeed all the time.
    let others = async {
        loop {
            assert!(client.read("/health/live").await > 0);
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::pin!(others);
    let ended = async {
        let ended = timeout(PATIENCE, body.data()).await.expect("the stream is reset");
        ended.expect("not the end").expect_err("no more data").reason()
    };
    let ended = tokio::select! { ended = ended => ended, () = &mut others => None };
    assert_eq!(ended, Some(Reason::CANCEL));
    assert!(client.read("/health/live").await > 0);
    drop((large, small));
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// A stream of which nothing was read is reset too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_a_window_is_reset() {
    let app = start(&[("PATRON_STALL_TIMEOUT", "1")]).await;
    let client = Client::connect(&app, 0).await;
    for path in [LARGE, "/health/live"] {
        let body = client.start_response(path).await;
        let error = read(body).await.expect_err("the stream is reset");
        assert_eq!(error.reason(), Some(Reason::CANCEL), "{path}");
    }
    assert_eq!(unsent(&app), 0);
    app.stop().await;
}

/// Reading single bytes does not keep a response open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_reads_single_bytes_is_reset() {
    let app = start(&[("PATRON_STALL_TIMEOUT", "1"), ("PATRON_SEND_TIMEOUT", "3")]).await;
    let client = Client::connect(&app, 1).await;
    let mut body = client.start_response(LARGE).await;
    let drip = async {
        let mut length = 0;
        loop {
            match body.data().await.expect("not the end") {
                Ok(bytes) => length += bytes.len(),
                Err(error) => break (length, error.reason()),
            }
            sleep(Duration::from_millis(400)).await;
            // The stream may have been reset.
            let _late = body.flow_control().release_capacity(1);
        }
    };
    let (length, reason) = timeout(PATIENCE, drip).await.expect("the stream is reset");
    assert_eq!(reason, Some(Reason::CANCEL));
    assert!((3..=9).contains(&length), "{length} bytes");
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// Opens an HTTP/1 connection, sends these requests and reads nothing.
async fn unread(app: &TestApp, requests: &str) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    // So that little of the responses fits into the client's receive buffer.
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("the server listens");
    // The server may have closed it.
    let _closed = stream.write_all(requests.as_bytes()).await;
    stream
}

/// Socket buffers hold part of the responses; the limit covers the bytes in the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_over_http_1_is_bounded() {
    let budget = 4 * 1024 * KIB;
    let app = start(&[("PATRON_UNSENT_BYTES", &budget.to_string())]).await;
    let requests = LargeQuery::prepare(&app, 4, 60_000).await.http_1().repeat(20);
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(unread(&app, &requests).await);
    }
    until(&app, |bytes| bytes > budget / 2).await;
    let max = query_as_other(&app, 200, PATIENCE).await;
    assert!(max <= budget + 20 * 250 * KIB, "{max} bytes were unsent");
    until(&app, |bytes| bytes <= budget).await;
    // Reading detects the connections that were reset.
    let mut reset = 0;
    for stream in &mut open {
        let mut bytes = [0; 4096];
        while timeout(Duration::from_millis(1), stream.read(&mut bytes)).await.is_ok_and(|read| {
            reset += usize::from(read.is_err());
            read.is_ok_and(|length| length > 0)
        }) {
            if unsent(&app) == 0 {
                break;
            }
        }
    }
    assert!(reset > 0, "no connection was reset");
    drop(open);
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// The connections with the most unsent bytes are reset. A client that reads smaller responses stays connected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connections_with_the_most_unsent_bytes_are_reset() {
    let app = start(&[("PATRON_UNSENT_BYTES", "4000000"), ("PATRON_STALL_TIMEOUT", "60")]).await;
    let little = Client::connect(&app, 0).await;
    let held = little.start_response("/health/live").await;
    let (mut clients, mut responses) = (Vec::new(), Vec::new());
    let reader = Client::connect(&app, 65_535).await;
    let size = reader.read("/playground").await;
    // Many times the budget.
    for _ in 0..40 {
        let client = Client::connect(&app, 0).await;
        for _ in 0..4 {
            responses.push(client.send(LARGE).await);
        }
        clients.push(client);
        assert_eq!(reader.read("/playground").await, size);
    }
    let is_open = async |client: &Client| client.send("/health/live").await.is_ok();
    until(&app, |bytes| bytes <= 4_000_000).await;
    let open = join_all(clients.iter().map(is_open)).await;
    let open = open.into_iter().filter(|is_open| *is_open).count();
    assert!((1..=10).contains(&open), "{open} are open");
    assert!(is_open(&little).await && is_open(&reader).await);
    drop((held, clients, responses));
    app.stop().await;
}

/// Received bytes of endless bodies are bounded: the connections with the most are reset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_bodies_are_bounded() {
    let budget = 2 * 1024 * KIB;
    let app = start(&[("PATRON_RECEIVED_BYTES", &budget.to_string())]).await;
    let received = || app.app.metrics.http.server.received_bytes();
    let slow = Client::connect(&app, 65_535).await;
    let (response, mut body) = slow.start_body(1000).await.expect("the stream is open");
    let (mut clients, mut bodies) = (Vec::new(), Vec::new());
    let mut max = 0;
    for _ in 0..8 {
        let client = Client::connect(&app, 65_535).await;
        for _ in 0..20 {
            bodies.push(client.start_body(250 * KIB).await);
        }
        clients.push(client);
        max = max.max(received());
        query_as_other(&app, 5, PATIENCE).await;
    }
    let reset = async {
        while app.app.metrics.http.server.received_bytes() > budget || max <= budget / 2 {
            max = max.max(received());
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, reset).await.expect("the received bytes are bounded");
    let open = join_all(clients.iter().map(|client| client.send("/health/live"))).await;
    assert!(open.iter().any(Result::is_err), "no connection was reset");
    // A slow client with few bytes receives its response.
    body.send_data(r#"{"query": "{ __typename }"}"#.into(), true).expect("the stream is open");
    let response = timeout(PATIENCE, response).await.expect("in time").expect("a response");
    assert_eq!(response.status(), 200);
    drop((bodies, clients, open));
    let none = async {
        while received() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, none).await.expect("the received bytes are released");
    app.stop().await;
}
