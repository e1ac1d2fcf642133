//! Security headers of responses.

use reqwest::Method;
use serde_json::json;

use crate::coverage::operations;
use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

const NOT_A_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[track_caller]
fn assert_protected(response: &TestResponse, what: &str) {
    for (name, expected) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        let values: Vec<_> = response.headers.get_all(name).iter().collect();
        assert_eq!(values, [expected], "{what}: {name}");
    }
    let policies: Vec<_> = response.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 1, "{what}: {policies:?}");
    let policy = policies[0].to_str().unwrap();
    // Metrics are neither JSON nor a page.
    let is_page = response
        .header("content-type")
        .is_some_and(|value| !["json", "text/plain", "text/csv"].iter().any(|other| value.contains(other)));
    if is_page {
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{what}: {policy}");
        }
        assert!(
            !policy.contains("unsafe-eval") && !policy.contains("script-src 'self' "),
            "{what}: {policy}"
        );
    } else {
        assert_eq!(policy, NOT_A_PAGE, "{what}");
    }
    assert_eq!(response.header("server"), None, "{what}: the response must not name the server software");
}

async fn without_redirects(app: &TestApp, path: &str) -> TestResponse {
    let client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    TestResponse::read(client.get(format!("{}{path}", app.url)).send().await.unwrap()).await
}

#[apply(on_both_databases!)]
async fn every_response_has_security_headers(app: &TestApp) {
    let anonymous = app.anonymous();
    let mut seen = std::collections::BTreeSet::new();
    for (method, path, _) in operations() {
        let (as_admin, as_anonymous) =
            (app.admin().request(method.clone(), &path), anonymous.request(method.clone(), &path));
        for request in [as_admin, as_anonymous] {
            let response = anonymous.send(request.json(&json!({}))).await;
            seen.insert(response.status);
            assert_protected(&response, &format!("{method} {path}"));
        }
    }
    assert!([200, 400, 401, 403].iter().all(|status| seen.contains(status)), "{seen:?}");
    for path in [
        "/nope",
        "/api/graphql",
        "/api/graphql?query=%7B__typename%7D",
        "/api/admin/graphql",
        "/playground",
        "/playground/server.json",
        "/playground/nope.js",
        "/api/docs",
        "/admin",
        "/admin/nope.js",
        "/account/verify-email",
        "/account/reset-password",
        "/account/account.js",
        "/account/shop.css",
        "/account/logo",
    ] {
        assert_protected(&anonymous.get(path).await, path);
    }
    for path in ["/", "/playground/", "/api/docs/"] {
        let response = without_redirects(app, path).await;
        assert!([307, 308].contains(&response.status), "{path}: {response:?}");
        assert_protected(&response, path);
    }
    // A response from a middleware, one without a body, and a 304.
    let large = anonymous.request(Method::POST, "/api/customers").header("content-type", "application/json");
    let response = anonymous.send(large.body(vec![b' '; 300 * 1024])).await;
    assert_eq!(response.status, 413);
    assert_protected(&response, "a large body");
    let head = anonymous.send(anonymous.request(Method::HEAD, "/health/live")).await;
    assert_protected(&head, "HEAD");
    let query = "/api/graphql?query=%7Bcountries%7Bcode%7D%7D";
    let tag = anonymous.get(query).await.header("etag").unwrap().to_owned();
    let unchanged = anonymous.send(anonymous.request(Method::GET, query).header("if-none-match", tag)).await;
    assert_eq!(unchanged.status, 304);
    assert_protected(&unchanged, "304");
}

#[apply(on_both_databases!)]
async fn cors_responses_have_security_headers(app: &TestApp) {
    let origin = "https://shop.example.com";
    let open = app.another_with(|flags| flags.with("PATRON_CORS_ORIGINS", origin)).await;
    for (method, path) in [(Method::OPTIONS, "/api/customers"), (Method::GET, "/nope")] {
        let request = open.anonymous().request(method.clone(), path).header("origin", origin);
        let response = open.anonymous().send(request.header("access-control-request-method", "POST")).await;
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        assert_protected(&response, path);
    }
    open.stop().await;
}

#[apply(on_both_databases!)]
async fn hsts_is_sent_only_for_https(app: &TestApp) {
    let policy = async |settings: &'static [(&'static str, &'static str)]| {
        let other = app
            .another_with(|flags| {
                settings.iter().fold(flags, |flags, (name, value)| flags.with(name, *value))
            })
            .await;
        let responses = [
            other.anonymous().get("/health/live").await,
            other.anonymous().get("/nope").await,
            other.anonymous().get("/account/verify-email").await,
        ];
        other.stop().await;
        let [first, others @ ..] =
            responses.map(|response| response.header("strict-transport-security").map(str::to_owned));
        assert!(others.iter().all(|other| *other == first));
        first
    };
    assert_eq!(
        policy(&[]).await,
        None,
        "clients use plain HTTP, and a browser with the policy could not connect any more"
    );
    assert_eq!(policy(&[("PATRON_PUBLIC_URL", "http://shop.example.com")]).await, None);
    assert_eq!(
        policy(&[("PATRON_PUBLIC_URL", "https://shop.example.com")]).await.as_deref(),
        Some("max-age=31536000")
    );
    let all =
        policy(&[("PATRON_PUBLIC_URL", "https://shop.example.com"), ("PATRON_HSTS_SUBDOMAINS", "on")]).await;
    assert_eq!(all.as_deref(), Some("max-age=31536000; includeSubDomains"));
}
