//! CORS: only pages of the configured origins may call the API.

use reqwest::Method;
use serde_json::json;

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

const SHOP: &str = "https://shop.example.com";

fn cors_headers(response: &TestResponse) -> Vec<&str> {
    response
        .headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

async fn from(actor: &impl Actor, method: Method, path: &str, origin: &str) -> TestResponse {
    let request = actor.request(method, path).header("origin", origin);
    let request = request
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-request-id");
    actor.send(request).await
}

#[apply(on_both_databases!)]
async fn cors_is_off_by_default(app: &TestApp) {
    for (method, status) in [(Method::GET, 404), (Method::OPTIONS, 404)] {
        let response = from(&app.anonymous(), method, "/nope", SHOP).await;
        assert_eq!((response.status, cors_headers(&response)), (status, vec![]));
    }
    let response = from(&app.anonymous(), Method::OPTIONS, "/api/graphql", SHOP).await;
    assert_eq!((response.status, cors_headers(&response)), (405, vec![]));
}

#[apply(on_both_databases!)]
async fn configured_origins_are_allowed(app: &TestApp) {
    let origins = format!("http://localhost:5173, {SHOP}");
    let open = app.another_with(|flags| flags.with("PATRON_CORS_ORIGINS", origins.clone())).await;
    // An OPTIONS request that is not a preflight is handled as usual.
    for (path, status) in [("/nope", 404), ("/api/graphql", 405)] {
        let request = open.anonymous().request(Method::OPTIONS, path).header("origin", SHOP);
        let response = open.anonymous().send(request).await;
        assert_eq!((response.status, response.header("x-request-id").is_some()), (status, true), "{path}");
    }
    assert_preflight(&open).await;
    assert_readable(&open).await;
    assert_strangers_are_refused(&open).await;
    let body = json!({"full_name": "John Smith", "email": "a@x.io", "password": "correct horse battery"});
    let request = open.anonymous().request(Method::POST, "/api/customers").header("origin", SHOP).json(&body);
    let response = open.anonymous().send(request).await;
    assert_eq!((response.status, response.header("access-control-allow-origin")), (201, Some(SHOP)));
    open.stop().await;
}

async fn assert_preflight(open: &TestApp) {
    let preflight = from(&open.anonymous(), Method::OPTIONS, "/api/customers", SHOP).await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("authorization,content-type,x-request-id")
    );
    for method in ["GET", "POST", "PATCH", "DELETE"] {
        assert!(preflight.header("access-control-allow-methods").unwrap().contains(method), "{preflight:?}");
    }
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
}

/// Pages can read failures too, also those of unknown paths and bad tokens.
async fn assert_readable(open: &TestApp) {
    for (path, status) in [
        ("/nope", 404),
        ("/api/openapi.json", 200),
        ("/api/graphql?query=%7B__typename%7D", 200),
        ("/api/admin/graphql", 401),
    ] {
        let response = from(&open.anonymous(), Method::GET, path, "http://localhost:5173").await;
        assert_eq!(
            (response.status, response.header("access-control-allow-origin")),
            (status, Some("http://localhost:5173")),
            "{path}"
        );
        let exposed = response.header("access-control-expose-headers").unwrap();
        assert_eq!(
            exposed,
            "x-request-id,idempotency-replayed,location,retry-after,etag,ratelimit,ratelimit-policy"
        );
        let vary: Vec<String> = response
            .headers
            .get_all("vary")
            .iter()
            .map(|value| value.to_str().unwrap().to_ascii_lowercase())
            .collect();
        assert!(vary.iter().any(|vary| vary.contains("origin")), "{path}: {vary:?}");
    }
}

async fn assert_strangers_are_refused(open: &TestApp) {
    for stranger in [
        "https://evil.example.com",
        "https://shop.example.com.evil.example",
        "http://shop.example.com",
        "null",
    ] {
        for method in [Method::OPTIONS, Method::GET] {
            let response = from(&open.anonymous(), method, "/api/openapi.json", stranger).await;
            assert_eq!(
                (response.status, response.header("access-control-allow-origin")),
                (200, None),
                "{stranger}"
            );
        }
    }
}
