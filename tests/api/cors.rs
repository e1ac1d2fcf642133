//! Pages of other origins: kept out, but for those of the setting.

use reqwest::Method;
use serde_json::json;

use crate::support::{Actor, Answer, apply, on_both_databases};

const SHOP: &str = "https://shop.example.com";

fn cors_headers(answer: &Answer) -> Vec<&str> {
    answer
        .headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

async fn from(actor: &impl Actor, method: Method, path: &str, origin: &str) -> Answer {
    let request = actor.request(method, path).header("origin", origin);
    let request = request
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-request-id");
    actor.send(request).await
}

#[apply(on_both_databases!)]
async fn closed_by_default(app: &TestApp) {
    for (method, status) in [(Method::GET, 404), (Method::OPTIONS, 404)] {
        let answer = from(&app.anonymous(), method, "/nope", SHOP).await;
        assert_eq!((answer.status, cors_headers(&answer)), (status, vec![]));
    }
    let answer = from(&app.anonymous(), Method::OPTIONS, "/api/graphql", SHOP).await;
    assert_eq!((answer.status, cors_headers(&answer)), (405, vec![]));
}

#[apply(on_both_databases!)]
async fn open_to_those_of_the_setting(app: &TestApp) {
    let origins = format!("http://localhost:5173, {SHOP}");
    let open = app.another_with(|flags| flags.with("PATRON_CORS_ORIGINS", origins.clone())).await;
    // Who asks like no browser is answered as ever.
    for (path, status) in [("/nope", 404), ("/api/graphql", 405)] {
        let request = open.anonymous().request(Method::OPTIONS, path).header("origin", SHOP);
        let answer = open.anonymous().send(request).await;
        assert_eq!((answer.status, answer.header("x-request-id").is_some()), (status, true), "{path}");
    }

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

    // Failures can be read as well, those of unknown paths and bad tokens too.
    for (path, status) in [
        ("/nope", 404),
        ("/api/openapi.json", 200),
        ("/api/graphql?query=%7B__typename%7D", 200),
        ("/api/admin/graphql", 401),
    ] {
        let answer = from(&open.anonymous(), Method::GET, path, "http://localhost:5173").await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (status, Some("http://localhost:5173")),
            "{path}"
        );
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert_eq!(
            exposed,
            "x-request-id,idempotency-replayed,location,retry-after,etag,ratelimit,ratelimit-policy"
        );
        let vary: Vec<String> = answer
            .headers
            .get_all("vary")
            .iter()
            .map(|value| value.to_str().unwrap().to_ascii_lowercase())
            .collect();
        assert!(vary.iter().any(|vary| vary.contains("origin")), "{path}: {vary:?}");
    }
    for stranger in [
        "https://evil.example.com",
        "https://shop.example.com.evil.example",
        "http://shop.example.com",
        "null",
    ] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = from(&open.anonymous(), method, "/api/openapi.json", stranger).await;
            assert_eq!(
                (answer.status, answer.header("access-control-allow-origin")),
                (200, None),
                "{stranger}"
            );
        }
    }
    let body = json!({"full_name": "John Smith", "email": "a@x.io", "password": "correct horse battery"});
    let request = open.anonymous().request(Method::POST, "/api/customers").header("origin", SHOP).json(&body);
    let answer = open.anonymous().send(request).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (201, Some(SHOP)));
    open.stop().await;
}
