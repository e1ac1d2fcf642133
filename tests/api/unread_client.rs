//! The client of the tests of unread responses: HTTP/2 connections, of which a test reads as much as it wants, and a
//! query with a long response.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{Actor, TestApp};

/// A timeout longer than every limit in the tests.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A query with a long response that needs little work even in a debug build: a few long texts.
pub(super) struct LargeQuery {
    token: String,
    body: String,
}

impl LargeQuery {
    /// A query whose response has this number of texts of this length.
    pub(super) async fn prepare(app: &TestApp, texts: usize, length: usize) -> Self {
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
    pub(super) fn http_1(&self) -> String {
        let (token, body, length) = (&self.token, &self.body, self.body.len());
        format!(
            "POST /api/admin/graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}

/// An HTTP/2 connection. The driver task processes the frames of the server.
pub(super) struct Client {
    requests: SendRequest<Bytes>,
    authority: String,
    driver: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    /// Connects with this initial window size per stream.
    pub(super) async fn connect(app: &TestApp, window: u32) -> Self {
        let (mut client, connection) = Self::open(app, window).await;
        client.driver = tokio::spawn(connection);
        client
    }

    pub(super) async fn open(app: &TestApp, window: u32) -> (Self, Connection<TcpStream, Bytes>) {
        let authority = app.url.strip_prefix("http://").expect("a URL").to_owned();
        let stream = TcpStream::connect(&authority).await.expect("the server listens");
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(16 * 1024 * 1024);
        let (requests, connection) = builder.handshake(stream).await.expect("the server speaks HTTP/2");
        (Self { requests, authority, driver: tokio::spawn(async { Ok(()) }) }, connection)
    }

    pub(super) async fn send(&self, path: &str) -> Result<ResponseFuture, h2::Error> {
        let request = Request::get(format!("http://{}{path}", self.authority)).body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await?;
        Ok(requests.send_request(request, true)?.0)
    }

    pub(super) async fn send_query(&self, query: &LargeQuery) -> Result<ResponseFuture, h2::Error> {
        let request = Request::post(format!("http://{}/api/admin/graphql", self.authority))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", query.token));
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut body) = requests.send_request(request.body(()).expect("a request"), false)?;
        body.send_data(query.body.clone().into(), true)?;
        Ok(response)
    }

    /// Sends this number of body bytes without the end of the stream.
    pub(super) async fn start_body(
        &self,
        bytes: usize,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let request = Request::post(format!("http://{}/api/graphql", self.authority));
        let request = request.header("content-type", "application/json").body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await?;
        let (response, mut body) = requests.send_request(request, false)?;
        body.send_data(vec![b' '; bytes].into(), false)?;
        Ok((response, body))
    }

    /// Waits for the head of a response and returns its unread body.
    pub(super) async fn start_response(&self, path: &str) -> RecvStream {
        let response = self.send(path).await.expect("the request is sent");
        let response = timeout(PATIENCE, response).await.expect("in time").expect("a response");
        assert_eq!(response.status(), 200);
        response.into_body()
    }

    /// As `start_response`, with an access token.
    pub(super) async fn start_download(&self, path: &str, token: &str) -> RecvStream {
        let request = Request::get(format!("http://{}{path}", self.authority));
        let request = request.header("authorization", format!("Bearer {token}")).body(()).expect("a request");
        let mut requests = self.requests.clone().ready().await.expect("the connection is open");
        let (response, _) = requests.send_request(request, true).expect("the request is sent");
        let response = timeout(PATIENCE, response).await.expect("in time").expect("a response");
        assert_eq!(response.status(), 200);
        response.into_body()
    }

    /// Reads a whole response and returns its length.
    pub(super) async fn read(&self, path: &str) -> usize {
        read(self.start_response(path).await).await.expect("the whole body arrives")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Reads a body to its end and returns its length.
pub(super) async fn read(mut body: RecvStream) -> Result<usize, h2::Error> {
    let mut length = 0;
    while let Some(bytes) = timeout(PATIENCE, body.data()).await.expect("data arrives or the body ends") {
        let bytes = bytes?;
        length += bytes.len();
        body.flow_control().release_capacity(bytes.len())?;
    }
    Ok(length)
}
