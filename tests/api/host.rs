//! Requests that don't name exactly one host (RFC 9112 3.2, RFC 9113 8.3.1).

use axum::http::{Method, Request, Version};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::support::{Backend, TestApp};

/// Sends an HTTP/1 request and returns the status and the body of the response.
async fn send(app: &TestApp, head: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!(
        "{head}Connection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let response = app.send_raw(&request).await;
    let (head, body) = response.split_once("\r\n\r\n").expect("a response");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("a JSON body"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_needs_one_host() {
    let app = TestApp::start(Backend::Sqlite).await;
    let url = app.url.clone();
    let heads = [
        ("POST /api/customers HTTP/1.1\r\n".to_owned(), "The request has no Host header"),
        (format!("POST {url}/api/customers HTTP/1.1\r\n"), "The request has no Host header"),
        (
            "POST /api/customers HTTP/1.1\r\nHost: x\r\nHost: x\r\n".to_owned(),
            "The request has more than one Host header",
        ),
        (
            "POST /api/customers HTTP/1.0\r\nHost: x\r\nHost: y\r\n".to_owned(),
            "The request has more than one Host header",
        ),
        (
            "POST /api/customers HTTP/1.1\r\nHost: x y\r\n".to_owned(),
            "The Host header is not a host with an optional port",
        ),
        (
            "POST /api/customers HTTP/1.1\r\nHost:\r\n".to_owned(),
            "The Host header is not a host with an optional port",
        ),
    ];
    let good = r#"{"full_name": "John Smith", "email": "a@x.io", "password": "correct horse battery"}"#;
    for (head, message) in heads {
        for body in ["{}", "{", good] {
            let (status, response) = send(&app, &head, body).await;
            assert_eq!(
                (status, response["error"]["message"].as_str()),
                (400, Some(message)),
                "{head}{response}"
            );
            assert_eq!(response["error"]["code"], "bad_request");
        }
        let head = head.replace("/api/customers", "/api/graphql");
        let (status, response) = send(&app, &head, r#"{"query": "{ __typename }"}"#).await;
        assert_eq!(
            (status, response["errors"][0]["message"].as_str()),
            (400, Some(message)),
            "{head}{response}"
        );
        let head = head.replace("/api/graphql", "/no/such/path").replace("POST", "GET");
        assert_eq!(send(&app, &head, "").await.0, 400, "{head}");
    }
    assert!(app.customers().await.is_empty(), "no customer was created");
    // HTTP/1.0 needs no Host, and a target in absolute form takes precedence over Host.
    for head in [
        "POST /api/graphql HTTP/1.0\r\n".to_owned(),
        format!("POST {url}/api/graphql HTTP/1.1\r\nHost: other\r\n"),
    ] {
        let (status, response) = send(&app, &head, r#"{"query": "{ __typename }"}"#).await;
        assert_eq!(
            (status, response["data"]["__typename"].as_str()),
            (200, Some("Query")),
            "{head}{response}"
        );
    }
    app.stop().await;
}

/// Allowed origins don't bypass the check.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preflight_needs_a_host() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| {
        flags.with("PATRON_CORS_ORIGINS", "https://shop.example.com")
    })
    .await;
    let preflight = "OPTIONS /api/customers HTTP/1.1\r\nOrigin: https://shop.example.com\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n";
    let response = app.send_raw(&format!("{preflight}\r\n")).await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    let response = app.send_raw(&format!("{preflight}Host: x\r\n\r\n")).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_2_needs_one_authority() {
    let app = TestApp::start(Backend::Sqlite).await;
    let address = app.url.strip_prefix("http://").expect("a URL").to_owned();
    let stream = TcpStream::connect(&address).await.expect("the server listens");
    let (client, connection) = h2::client::handshake(stream).await.expect("the server speaks HTTP/2");
    let connection = tokio::spawn(connection);
    let other = address.replace("127.0.0.1", "localhost");
    let cases: [(&[&str], u16); 5] =
        [(&[], 200), (&[&address], 200), (&[&other], 400), (&[&address, &address], 400), (&["x y"], 400)];
    for (hosts, status) in cases {
        let request = Request::builder()
            .method(Method::GET)
            .version(Version::HTTP_2)
            .uri(format!("http://{address}/health/live"));
        let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
        let mut client = client.clone().ready().await.expect("the connection is open");
        let (response, _) =
            client.send_request(request.body(()).expect("a request"), true).expect("the request is sent");
        assert_eq!(response.await.expect("a response").status(), status, "{hosts:?}");
    }
    drop(client);
    connection.abort();
    app.stop().await;
}
