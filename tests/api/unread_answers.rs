//! Clients that ask for much and take nothing of the answers: what they have held in memory is bounded, by connection
//! and in total, and nobody else notices.

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

/// Longer than any limit of these tests, and no longer than the slowest machine needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is asked for: some 300 KB, and little work.
const LARGE: &str = "/api/openapi.json";
const KIB: usize = 1024;

async fn start(settings: &[(&'static str, &str)]) -> TestApp {
    TestApp::start_with(Backend::Sqlite, |flags| {
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await
}

/// A query with a long answer, which takes even a debug build little work: it is a few long texts.
struct LargeQuery {
    token: String,
    body: String,
}

impl LargeQuery {
    /// One that is answered with so many texts of this length.
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
        let answer = app.admin().query(&query).await;
        assert_eq!(answer.data()["a"]["metaData"]["note"].as_str().map(str::len), Some(length));
        Self {
            token: app.admin().token().expect("a token").to_owned(),
            body: json!({"query": query}).to_string(),
        }
    }

    /// As it is sent by HTTP/1.1.
    fn http_1(&self) -> String {
        let (token, body, length) = (&self.token, &self.body, self.body.len());
        format!(
            "POST /api/admin/graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}

/// A connection by HTTP/2. What it was told by the server is in what drives it.
struct Client {
    requests: SendRequest<Bytes>,
    authority: String,
    driver: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    /// Each of its streams may be sent so many bytes at first.
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
        let (requests, connection) = builder.handshake(stream).await.expect("it speaks HTTP/2");
        (Self { requests, authority, driver: tokio::spawn(async { Ok(()) }) }, connection)
    }

    async fn send(&self, path: &str) -> Result<ResponseFuture, h2::Error> {
        let request = Request::get(format!("http://{}{path}", self.authority)).body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await?;
        Ok(requests.send_request(request, true)?.0)
    }

    async fn ask(&self, query: &LargeQuery) -> Result<ResponseFuture, h2::Error> {
        let request = Request::post(format!("http://{}/api/admin/graphql", self.authority))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", query.token));
        let mut requests = self.requests.clone().ready().await?;
        let (answer, mut body) = requests.send_request(request.body(()).expect("a request"), false)?;
        body.send_data(query.body.clone().into(), true)?;
        Ok(answer)
    }

    /// Sends so much of a body and not its end.
    async fn begin_body(&self, bytes: usize) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let request = Request::post(format!("http://{}/api/graphql", self.authority));
        let request = request.header("content-type", "application/json").body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await?;
        let (answer, mut body) = requests.send_request(request, false)?;
        body.send_data(vec![b' '; bytes].into(), false)?;
        Ok((answer, body))
    }

    /// The body of an answer whose head has come.
    async fn begin(&self, path: &str) -> RecvStream {
        let answer = self.send(path).await.expect("it is sent");
        let answer = timeout(PATIENCE, answer).await.expect("in time").expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.into_body()
    }

    /// How long an answer is that is taken to its end.
    async fn read(&self, path: &str) -> usize {
        read(self.begin(path).await).await.expect("all of it comes")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Takes an answer to its end.
async fn read(mut body: RecvStream) -> Result<usize, h2::Error> {
    let mut length = 0;
    while let Some(bytes) = timeout(PATIENCE, body.data()).await.expect("it goes on or ends") {
        let bytes = bytes?;
        length += bytes.len();
        body.flow_control().release_capacity(bytes.len())?;
    }
    Ok(length)
}

fn unsent(app: &TestApp) -> usize {
    app.app.metrics.http.server.unsent_bytes()
}

/// Waits until the unsent bytes are as few or as many as this.
async fn until(app: &TestApp, is_reached: impl Fn(usize) -> bool) {
    let reached = async {
        while !is_reached(unsent(app)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, reached).await.is_ok(), "{} bytes are unsent", unsent(app));
}

/// Answers of another client, one after the other, each within this time; and the most that was unsent meanwhile.
async fn others_are_answered(app: &TestApp, requests: usize, within: Duration) -> usize {
    let mut most = 0;
    for number in 0..requests {
        let anonymous = app.anonymous();
        let answer = timeout(within, anonymous.query("{ __typename }")).await;
        assert_eq!(answer.map(|answer| answer.status), Ok(200), "request {number}");
        most = most.max(unsent(app));
    }
    most
}

/// What once filled the memory: 60 connections, as many streams of each as there may be, windows of 0. Everything is a
/// sixteenth of what it is by default, so that a debug build has as little to do as a release build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_over_http_2_is_bounded_and_keeps_nobody_waiting() {
    let budget = 2 * 1024 * KIB;
    let settings = [
        ("PATRON_UNSENT_BYTES", &*budget.to_string()),
        ("PATRON_UNSENT_BYTES_PER_CONNECTION", "65536"),
        // A debug build would do nothing but answer those whose turn comes when others are given up.
        ("PATRON_STALL_TIMEOUT", "120"),
    ];
    let app = start(&settings).await;
    let query = LargeQuery::prepare(&app, 1, 20_000).await;
    let flood = join_all((0..60).map(async |_| {
        let client = Client::connect(&app, 0).await;
        let streams = join_all((0..100).map(|_| client.ask(&query))).await;
        (client, streams)
    }))
    .await;
    until(&app, |bytes| bytes > budget / 2).await;
    let first = others_are_answered(&app, 20, PATIENCE).await;
    let most = others_are_answered(&app, 200, Duration::from_secs(1)).await.max(first);
    // Beyond the budget there is at most what was worked on when it was reached: five answers of each connection.
    assert!(most <= budget + 60 * 5 * 21 * KIB, "{most} bytes were unsent");
    drop(flood);
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// Clients that keep to the rules are never in the way of themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_has_100_streams() {
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

/// What a connection has unsent keeps its own further requests waiting, and those only; they are answered later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_with_much_unsent_waits() {
    let app =
        start(&[("PATRON_UNSENT_BYTES_PER_CONNECTION", "1000000"), ("PATRON_STALL_TIMEOUT", "60")]).await;
    let client = Client::connect(&app, 10).await;
    let size = Client::connect(&app, 65_535).await.read(LARGE).await;
    // One by one, so that how large they are is known.
    let mut begun = Vec::new();
    while unsent(&app) <= 1_000_000 {
        begun.push(client.begin(LARGE).await);
    }
    assert!(unsent(&app) <= 1_000_000 + size, "{}", unsent(&app));
    let mut waiting = Box::pin(client.read("/health/live"));
    let other = Client::connect(&app, 65_535).await;
    for _ in 0..20 {
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("it is worked on"),
            length = other.read("/health/live") => assert!(length > 0),
        }
    }
    // As soon as one is taken there is room.
    let (taken, length) = tokio::join!(read(begun.pop().expect("an answer")), waiting);
    assert_eq!(taken.expect("all of it comes"), size);
    assert!(length > 0);
    // One that is not wanted any more counts no longer.
    drop(begun);
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_takes_nothing_is_reset() {
    let app = start(&[("PATRON_STALL_TIMEOUT", "1")]).await;
    let client = Client::connect(&app, 0).await;
    let never = client.begin(LARGE).await;
    let small = client.begin("/health/live").await;
    drop(client);
    let client = Client::connect(&app, 100_000).await;
    let mut begun = client.begin(LARGE).await;
    // As much as it may be sent at first.
    let mut taken = 0;
    while taken < 100_000 {
        taken += timeout(PATIENCE, begun.data()).await.expect("in time").expect("some").expect("some").len();
    }
    // The connection is good for other requests all the time.
    let others = async {
        loop {
            assert!(client.read("/health/live").await > 0);
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::pin!(others);
    let ended = async {
        let ended = timeout(PATIENCE, begun.data()).await.expect("it is reset");
        ended.expect("not its end").expect_err("no more of it").reason()
    };
    let ended = tokio::select! { ended = ended => ended, () = &mut others => None };
    assert_eq!(ended, Some(Reason::CANCEL));
    assert!(client.read("/health/live").await > 0);
    drop((never, small));
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// The same where nothing of it was ever taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_a_window_is_reset() {
    let app = start(&[("PATRON_STALL_TIMEOUT", "1")]).await;
    let client = Client::connect(&app, 0).await;
    for path in [LARGE, "/health/live"] {
        let body = client.begin(path).await;
        let error = read(body).await.expect_err("it is reset");
        assert_eq!(error.reason(), Some(Reason::CANCEL), "{path}");
    }
    assert_eq!(unsent(&app), 0);
    app.stop().await;
}

/// A byte now and then is no way to have an answer held for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_takes_a_byte_now_and_then_is_reset() {
    let app = start(&[("PATRON_STALL_TIMEOUT", "1"), ("PATRON_SEND_TIMEOUT", "3")]).await;
    let client = Client::connect(&app, 1).await;
    let mut body = client.begin(LARGE).await;
    let drip = async {
        let mut taken = 0;
        loop {
            match body.data().await.expect("not its end") {
                Ok(bytes) => taken += bytes.len(),
                Err(error) => break (taken, error.reason()),
            }
            sleep(Duration::from_millis(400)).await;
            // It may be reset meanwhile.
            let _late = body.flow_control().release_capacity(1);
        }
    };
    let (taken, reason) = timeout(PATIENCE, drip).await.expect("it is reset");
    assert_eq!(reason, Some(Reason::CANCEL));
    assert!((3..=9).contains(&taken), "{taken} bytes");
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// A connection by HTTP/1 that asks for this and reads nothing.
async fn unread(app: &TestApp, requests: &str) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    // So that little of the answers fits into the client's system.
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("the server listens");
    // The server may have closed it.
    let _closed = stream.write_all(requests.as_bytes()).await;
    stream
}

/// What the systems of both sides hold of a connection; the rest is in the process.
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
    let most = others_are_answered(&app, 200, PATIENCE).await;
    assert!(most <= budget + 20 * 250 * KIB, "{most} bytes were unsent");
    until(&app, |bytes| bytes <= budget).await;
    // Those that were reset see it at once.
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
    assert!(reset > 0, "none was reset");
    drop(open);
    until(&app, |bytes| bytes == 0).await;
    app.stop().await;
}

/// Of all that take nothing, those go that hold the most. Who takes what it asks for stays, whatever it asks for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_the_most_is_reset() {
    let app = start(&[("PATRON_UNSENT_BYTES", "4000000"), ("PATRON_STALL_TIMEOUT", "60")]).await;
    let little = Client::connect(&app, 0).await;
    let held = little.begin("/health/live").await;
    let (mut clients, mut answers) = (Vec::new(), Vec::new());
    let taker = Client::connect(&app, 65_535).await;
    let size = taker.read(LARGE).await;
    // Twelve times the budget.
    for _ in 0..40 {
        let client = Client::connect(&app, 0).await;
        for _ in 0..4 {
            answers.push(client.send(LARGE).await);
        }
        clients.push(client);
        assert_eq!(taker.read(LARGE).await, size);
    }
    let is_open = async |client: &Client| client.send("/health/live").await.is_ok();
    until(&app, |bytes| bytes <= 4_000_000).await;
    let open = join_all(clients.iter().map(is_open)).await;
    let open = open.into_iter().filter(|is_open| *is_open).count();
    assert!((1..=10).contains(&open), "{open} are open");
    assert!(is_open(&little).await && is_open(&taker).await);
    drop((held, clients, answers));
    app.stop().await;
}

/// Bodies that never end are bounded like answers that nobody takes: those go that hold the most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_do_not_end_are_bounded() {
    let budget = 2 * 1024 * KIB;
    let app = start(&[("PATRON_RECEIVED_BYTES", &budget.to_string())]).await;
    let received = || app.app.metrics.http.server.received_bytes();
    let slow = Client::connect(&app, 65_535).await;
    let (answer, mut body) = slow.begin_body(1000).await.expect("it is open");
    let (mut clients, mut begun) = (Vec::new(), Vec::new());
    let mut most = 0;
    for _ in 0..8 {
        let client = Client::connect(&app, 65_535).await;
        for _ in 0..20 {
            begun.push(client.begin_body(250 * KIB).await);
        }
        clients.push(client);
        most = most.max(received());
        others_are_answered(&app, 5, PATIENCE).await;
    }
    let reset = async {
        while app.app.metrics.http.server.received_bytes() > budget || most <= budget / 2 {
            most = most.max(received());
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, reset).await.expect("it is bounded");
    let open = join_all(clients.iter().map(|client| client.send("/health/live"))).await;
    assert!(open.iter().any(Result::is_err), "none was reset");
    // One that is only slow gets its answer.
    body.send_data(r#"{"query": "{ __typename }"}"#.into(), true).expect("it is open");
    let answer = timeout(PATIENCE, answer).await.expect("in time").expect("an answer");
    assert_eq!(answer.status(), 200);
    drop((begun, clients, open));
    let none = async {
        while received() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, none).await.expect("what was held is given back");
    app.stop().await;
}
