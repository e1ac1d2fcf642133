//! Rate limits of anonymous requests by network address, and the headers that report them.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply, on_both_databases};

async fn start(backend: Backend, settings: &[(&'static str, &str)]) -> TestApp {
    TestApp::start_with(backend, |flags| {
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await
}

fn limits(response: &TestResponse) -> (Option<&str>, Option<&str>) {
    (response.header("ratelimit-policy"), response.header("ratelimit"))
}

async fn refresh(app: &TestApp) -> TestResponse {
    app.anonymous().post("/api/customer/token/refresh", &json!({"refreshToken": "x"})).await
}

async fn log_in(app: &TestApp) -> TestResponse {
    let body = json!({"email": "a@x.io", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customer/tokens", &body).await
}

fn registration(number: usize) -> Value {
    json!({"full_name": "A", "email": format!("new{number}@x.io"), "password": CUSTOMER_PASSWORD})
}

/// Every anonymous POST operation is limited and has the rate limit headers, also in failures. No other operation is.
#[apply(on_both_databases!)]
async fn anonymous_posts_are_limited(app: &TestApp) {
    let document: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
    let mut limited = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let is_anonymous = operation["security"].as_array().unwrap().contains(&json!({}));
            let method: Method = method.to_uppercase().parse().unwrap();
            let url = path.replace("{uuid}", "x").replace("{address_uuid}", "x").replace("{id}", "x");
            let request = app.anonymous().request(method.clone(), &url);
            let response = app.anonymous().send(request.json(&json!({}))).await;
            let (policy, remaining) = limits(&response);
            let has_headers = policy.is_some() && remaining.is_some();
            assert_eq!(has_headers, is_anonymous && method == Method::POST, "{method} {path}: {response:?}");
            let documented = !operation["responses"]["500"]["headers"]["RateLimit"].is_null();
            assert_eq!(has_headers, documented, "{method} {path}");
            limited += usize::from(has_headers);
        }
    }
    assert_eq!(limited, 10);
    for path in ["/api/graphql", "/api/admin/graphql"] {
        let response = app.anonymous().post(path, &json!({"query": "{ __typename }"})).await;
        assert_eq!(limits(&response), (None, None), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_per_address_and_minute_are_limited() {
    let app =
        start(Backend::Sqlite, &[("PATRON_PASSWORDS_PER_ADDRESS", "6"), ("PATRON_TOKENS_PER_ADDRESS", "3")])
            .await;
    // The login of the test's admin was the first password request, and this registration is the second.
    app.register("a@x.io").await;
    for remaining in (0..4).rev() {
        let response = log_in(&app).await;
        assert_eq!(response.status, 200);
        let limit = format!("\"passwords\";r={remaining};t={}", (remaining * 10).max(1));
        assert_eq!(limits(&response), (Some("\"passwords\";q=6;w=60"), Some(limit.as_str())));
    }
    let refused = log_in(&app).await;
    refused.assert_failure(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(limits(&refused), (Some("\"passwords\";q=6;w=60"), Some("\"passwords\";r=0;t=10")));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    // The bucket does not depend on the body, and a client that sends a large body receives the response.
    let large = json!({"full_name": "x".repeat(200_000)});
    app.anonymous().post("/api/customers", &large).await.assert_failure(429, "rate_limited");
    // Cheaper requests have another bucket.
    for limit in ["r=2;t=40", "r=1;t=20", "r=0;t=1"] {
        let response = refresh(&app).await;
        assert_eq!(
            (response.status, response.header("ratelimit")),
            (401, Some(format!("\"tokens\";{limit}").as_str()))
        );
    }
    refresh(&app).await.assert_failure(429, "rate_limited");
    // Requests with a token and reads are not limited.
    for number in 0..10 {
        let created = app.admin().post("/api/customers", &registration(number)).await;
        assert_eq!((created.status, limits(&created)), (201, (None, None)));
        assert_eq!(app.anonymous().query("{ __typename }").await.status, 200);
    }
    // An invalid token does not bypass the limit: it is refused before any work.
    for _ in 0..3 {
        let request = app.anonymous().request(Method::POST, "/api/customers").bearer_auth("x");
        app.anonymous().send(request.json(&registration(99))).await.assert_failure(401, "unauthenticated");
    }
    app.app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(log_in(&app).await.status, 200);
    log_in(&app).await.assert_failure(429, "rate_limited");
    app.stop().await;
}

/// Behind a trusted proxy each IPv4 address and each IPv6 network has its own bucket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_behind_a_proxy_are_counted_separately() {
    let app = start(
        Backend::Sqlite,
        &[("PATRON_TOKENS_PER_ADDRESS", "1"), ("PATRON_TRUSTED_PROXIES", "127.0.0.1")],
    )
    .await;
    for (client, status) in [
        ("203.0.113.1", 401),
        ("203.0.113.1", 429),
        ("203.0.113.2", 401),
        ("9.9.9.9, 203.0.113.1", 429),
        ("2001:db8::1", 401),
        ("2001:db8::2", 429),
        ("2001:db8:0:1::1", 401),
    ] {
        let request = app.anonymous().request(Method::POST, "/api/customer/token/refresh");
        let request = request.header("x-forwarded-for", client).json(&json!({"refreshToken": "x"}));
        assert_eq!(app.anonymous().send(request).await.status, status, "{client}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_limits_can_be_switched_off() {
    let settings = [
        ("PATRON_RATE_LIMITS", "off"),
        ("PATRON_TOKENS_PER_ADDRESS", "1"),
        ("PATRON_PASSWORDS_PER_ADDRESS", "1"),
        ("PATRON_REGISTRATIONS_PER_ADDRESS", "1"),
    ];
    let app = start(Backend::Sqlite, &settings).await;
    for number in 0..4 {
        let response = app.anonymous().post("/api/customers", &registration(number)).await;
        assert_eq!((response.status, limits(&response)), (201, (None, None)));
        assert_eq!(refresh(&app).await.status, 401);
    }
    app.stop().await;
}

/// Valid registrations are counted in the database for all instances, also those that are refused. Those by admins are
/// not.
async fn registrations_are_limited(backend: Backend) {
    let app = start(backend, &[("PATRON_REGISTRATIONS_PER_ADDRESS", "3")]).await;
    let register = async |app: &TestApp, number: usize| {
        app.anonymous().post("/api/customers", &registration(number)).await
    };
    assert_eq!(register(&app, 1).await.status, 201);
    register(&app, 1).await.assert_failure(409, "email_taken");
    app.anonymous()
        .post("/api/customers", &json!({"email": "x"}))
        .await
        .assert_failure(400, "validation_failed");
    assert_eq!(app.admin().post("/api/customers", &registration(2)).await.status, 201);
    assert_eq!(register(&app, 3).await.status, 201);
    let refused = register(&app, 4).await;
    refused.assert_failure(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("900"));
    register(&app, 1).await.assert_failure(429, "rate_limited");
    assert_eq!(app.customers().await.len(), 3);
    assert_eq!(app.admin().post("/api/customers", &registration(5)).await.status, 201);
    if backend == Backend::Postgres {
        let other =
            app.second_instance_with(|flags| flags.with("PATRON_REGISTRATIONS_PER_ADDRESS", "3")).await;
        register(&other, 6).await.assert_failure(429, "rate_limited");
        other.stop().await;
    }
    app.app.clock.advance(TimeDelta::minutes(15));
    assert_eq!(register(&app, 7).await.status, 201);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_are_limited_sqlite() {
    registrations_are_limited(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_are_limited_postgres() {
    registrations_are_limited(Backend::Postgres).await;
}
