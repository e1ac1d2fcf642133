//! Clients that don't read responses: the unsent bytes in memory are bounded per connection and in total, and other
//! clients are not affected.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use futures_util::future::join_all;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::support::{Actor, Backend, TestApp};

/// A timeout longer than every limit in these tests.
const PATIENCE: Duration = Duration::from_secs(60);
/// A response of about 300 KB that needs little work.
const LARGE: &str = "/api/openapi.json";
const KIB: usize = 1024;

async fn start(settings: &[(&'static str, &str)]) -> TestApp {
    TestApp::start_with(Backend::Sqlite, |flags| {
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await
}

/// A query with a long response that needs little work even in a debug build: a few long texts.
struct LargeQuery {
    token: String,
    body: String,
}

impl LargeQuery {
    /// A query whose response has this number of texts of this length.
    async fn prepare(app: &TestApp, texts: usize, length: usize) -> Self {
        let customer = app.register("a@x.io").await;
        let uuid = customer["uuid"].as_str().expect("a uuid");
        let change = json!({"meta_data": {"note": "x".repeat(length)}});
        assert_eq!(app.admin().patch(&format!("/api/customers/{uuid}"), &change).await.status, 200);
        let field = |alias| format!("{alias}: customer(id: \"{uuid}\") {{ metaData }}");
        let query = format!(
            "{{ {} }}",
            ["a", "b", "c", "d"][..texts].iter().map(field).collect::<Vec<_>>().join(" ")
        );
        let response = app.admin().query(&query).await;
        assert_eq!(response.data()["a"]["metaData"]["note"].as_str().map(str::len), Some(length));
        Self {
            token: app.admin().token().expect("a token").to_owned(),
            body: json!({"query": query}).to_string(),
        }
    }

    /// The HTTP/1.1 request.
    fn http_1(&self) -> String {
        let (token, body, length) = (&self.token, &self.body, self.body.len());
        format!(
            "POST /api/admin/graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}

/// An HTTP/2 connection. The driver task processes the frames of the server.
struct Client {
    requests: SendRequest<Bytes>,
    authority: String,
    driver: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    /// Connects with this initial window size per stream.
    async fn connect(app: &TestApp, window: u32) -> Self {
        let (mut client, connection) = Self::open(app, window).await;
        client.driver = tokio::spawn(connection);
        client
    }

    async fn open(app: &TestApp, window: u32) -> (Self, Connection<TcpStream, Bytes>) {
        let authority = app.url.strip_prefix("http://").expect("a URL").to_owned();
        let stream = TcpStream::connect(&authority).await.expect("the server listens");
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(16 * 1024 * 1024);
        let (requests, connection) = builder.handshake(stream).await.expect("the server speaks HTTP/2");
        (Self { requests, authority, driver: tokio::spawn(async { Ok(()) }) }, connection)
    }

    async fn send(&self, path: &str) -> Result<ResponseFuture, h2::Error> {
        let request = Request::get(format!("http://{}{path}", self.authority)).body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await?;
        Ok(requests.send_request(request, true)?.0)
    }

    async fn send_query(&self, query: &LargeQuery) -> Result<ResponseFuture, h2::Error> {
        let request = Request::post(format!("http://{}/api/admin/graphql", self.authority))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", query.token));
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut body) = requests.send_request(request.body(()).expect("a request"), false)?;
        body.send_data(query.body.clone().into(), true)?;
        Ok(response)
    }

    /// Sends this number of body bytes without the end of the stream.
    async fn start_body(&self, bytes: usize) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let request = Request::post(format!("http://{}/api/graphql", self.authority));
        let request = request.header("content-type", "application/json").body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut body) = requests.send_request(request, false)?;
        body.send_data(vec![b' '; bytes].into(), false)?;
        Ok((response, body))
    }

    /// Waits for the head of a response and returns its unread body.
    async fn start_response(&self, path: &str) -> RecvStream {
        let response = self.send(path).await.expect("the request is sent");
        let response = timeout(PATIENCE, response).await.expect("in time").expect("a response");
        assert_eq!(response.status(), 200);
        response.into_body()
    }

    /// Reads a whole response and returns its length.
    async fn read(&self, path: &str) -> usize {
        read(self.start_response(path).await).await.expect("the whole body arrives")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Reads a body to its end and returns its length.
async fn read(mut body: RecvStream) -> Result<usize, h2::Error> {
    let mut length = 0;
    while let Some(bytes) = timeout(PATIENCE, body.data()).await.expect("data arrives or the body ends") {
        let bytes = bytes?;
        length += bytes.len();
        body.flow_control().release_capacity(bytes.len())?;
    }
    Ok(length)
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

/// Of the connections that don't read, those with the most unsent bytes are reset. A client that reads its responses
/// stays connected, regardless of their size.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connections_with_the_most_unsent_bytes_are_reset() {
    let app = start(&[("PATRON_UNSENT_BYTES", "4000000"), ("PATRON_STALL_TIMEOUT", "60")]).await;
    let little = Client::connect(&app, 0).await;
    let held = little.start_response("/health/live").await;
    let (mut clients, mut responses) = (Vec::new(), Vec::new());
    let reader = Client::connect(&app, 65_535).await;
    let size = reader.read(LARGE).await;
    // Twelve times the budget.
    for _ in 0..40 {
        let client = Client::connect(&app, 0).await;
        for _ in 0..4 {
            responses.push(client.send(LARGE).await);
        }
        clients.push(client);
        assert_eq!(reader.read(LARGE).await, size);
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
