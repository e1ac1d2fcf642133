//! Properties of every response: failures as JSON, request ids, methods, health.

use reqwest::{Method, Version};
use serde_json::json;

use crate::support::{Actor, apply, on_both_databases};

#[apply(on_both_databases!)]
async fn unknown_paths_and_methods_are_refused(app: &TestApp) {
    for path in ["/nope", "/api", "/api/nope", "/api/customers/", "/api/customers/1/2", "/%00"] {
        app.anonymous().get(path).await.assert_failure(404, "not_found");
    }
    for (method, path, allow) in [
        (Method::GET, "/api/customers", "POST"),
        (Method::PUT, "/api/customers", "POST"),
        (Method::GET, "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f", "PATCH,DELETE"),
        (Method::POST, "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f", "PATCH,DELETE"),
        (Method::GET, "/api/user/tokens", "POST"),
        (Method::TRACE, "/api/user/tokens", "POST"),
        (Method::POST, "/health/live", "GET,HEAD"),
    ] {
        let response = app.anonymous().send(app.anonymous().request(method.clone(), path)).await;
        response.assert_failure(405, "method_not_allowed");
        let mut allowed: Vec<&str> = response.header("allow").unwrap().split(',').collect();
        let mut expected: Vec<&str> = allow.split(',').collect();
        allowed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{method} {path}");
    }
    app.anonymous().get("/nope/graphql").await.assert_failure(404, "not_found");
    app.admin().delete("/api/customers/graphql").await.assert_failure(404, "not_found");
    let response = app.anonymous().send(app.anonymous().request(Method::DELETE, "/api/graphql")).await;
    assert_eq!((response.status, response.graphql_code()), (405, "METHOD_NOT_ALLOWED"));
}

#[apply(on_both_databases!)]
async fn requests_have_ids(app: &TestApp) {
    let with_id = async |id: &str| {
        let request = app.anonymous().request(Method::GET, "/nope").header("x-request-id", id);
        app.anonymous().send(request).await.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(with_id("my-id_1.2").await, "my-id_1.2");
    let long = "a".repeat(65);
    for forged in ["a b", "a\"b", "a{b}", long.as_str(), ""] {
        let id = with_id(forged).await;
        assert_eq!(id.len(), 32, "{forged}");
        assert_ne!(id, with_id(forged).await);
    }
}

#[apply(on_both_databases!)]
async fn health_checks_succeed(app: &TestApp) {
    for path in ["/health/live", "/health/ready"] {
        let response = app.anonymous().get(path).await;
        assert_eq!((response.status, response.data()["status"].as_str()), (200, Some("ok")));
    }
}

/// Proxies use HTTP/2 without TLS, with prior knowledge (RFC 9113 3.3).
#[apply(on_both_databases!)]
async fn http_2_with_prior_knowledge_is_supported(app: &TestApp) {
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let url = |path: &str| format!("{}{path}", app.url);
    let body = json!({"full_name": "John Smith", "email": "a@x.io", "password": "correct horse battery"});
    let created = client.post(url("/api/customers")).json(&body).send().await.unwrap();
    assert_eq!((created.version(), created.status().as_u16()), (Version::HTTP_2, 201));
    // Many concurrent requests on one connection, some with failures and unread bodies.
    let queries =
        (0..50).map(|_| client.post(url("/api/graphql")).json(&json!({"query": "{ __typename }"})).send());
    let responses = futures_util::future::join_all(queries).await;
    assert!(responses.into_iter().all(|response| response.unwrap().status() == 200));
    let large = vec![b' '; 1024 * 1024];
    let refused = client.post(url("/api/customers")).header("content-type", "application/json").body(large);
    assert_eq!(refused.send().await.unwrap().status(), 413);
    let unread = client.post(url("/nope")).body("nobody reads this").send().await.unwrap();
    assert_eq!((unread.version(), unread.status().as_u16()), (Version::HTTP_2, 404));
    assert_eq!(client.get(url("/api/openapi.json")).send().await.unwrap().status(), 200);
}

#[apply(on_both_databases!)]
async fn failures_are_not_cached(app: &TestApp) {
    for path in ["/nope", "/api/customers", "/api/customers/me/export"] {
        assert_eq!(app.anonymous().get(path).await.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[apply(on_both_databases!)]
async fn bodies_are_utf_8(app: &TestApp) {
    for (content_type, status) in [
        ("application/json; charset=UTF-8", 400),
        ("application/json;charset=\"utf-8\"", 400),
        ("application/json; charset=iso-8859-1", 415),
    ] {
        let request =
            app.anonymous().request(Method::POST, "/api/customers").header("content-type", content_type);
        assert_eq!(app.anonymous().send(request.body("{}")).await.status, status, "{content_type}");
    }
}

#[apply(on_both_databases!)]
async fn the_openapi_document_is_served(app: &TestApp) {
    let response = app.anonymous().get("/api/openapi.json").await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.text, include_str!("../../docs/openapi.json"));
    assert!(response.body["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(
        (response.header("cache-control"), response.header("vary")),
        (Some("no-cache"), Some("Accept-Encoding"))
    );
    let tag = response.header("etag").unwrap();
    let request = app.anonymous().request(Method::GET, "/api/openapi.json").header("if-none-match", tag);
    let unchanged = app.anonymous().send(request.header("accept-encoding", "gzip")).await;
    assert_eq!((unchanged.status, unchanged.header("etag"), unchanged.text.as_str()), (304, Some(tag), ""));
    let compressed =
        app.anonymous().request(Method::GET, "/api/openapi.json").header("accept-encoding", "br");
    let compressed = compressed.send().await.unwrap();
    assert_eq!(
        (&compressed.headers()["content-encoding"], &compressed.headers()["etag"]),
        (&"br".parse().unwrap(), &tag.parse().unwrap())
    );
    let head = app.anonymous().send(app.anonymous().request(Method::HEAD, "/api/openapi.json")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}
