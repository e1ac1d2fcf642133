//! The client address: forwarding headers are used only if a proxy that the settings trust sent them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply, on_both_databases};

/// Logs in with these request headers.
async fn log_in(app: &TestApp, password: &str, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = app.anonymous().request(Method::POST, "/api/customer/tokens");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.anonymous().send(request.json(&json!({"email": "a@x.io", "password": password}))).await
}

/// The network address of the session that a login starts with these headers.
async fn address_of_session(app: &TestApp, headers: &[(&str, &str)]) -> Value {
    let response = log_in(app, CUSTOMER_PASSWORD, headers).await.data();
    let token = response["accessToken"].as_str().expect("a token").to_owned();
    let request = app.anonymous().request(Method::POST, "/api/graphql").bearer_auth(token);
    let query = json!({"query": "{ currentCustomer { sessions { current address } } }"});
    let response = app.anonymous().send(request.json(&query)).await.data();
    let sessions = response["currentCustomer"]["sessions"].as_array().expect("sessions").clone();
    sessions.into_iter().find(|session| session["current"] == true).expect("the current session")["address"]
        .clone()
}

#[apply(on_both_databases!)]
async fn proxy_headers_are_ignored_by_default(app: &TestApp) {
    app.register("a@x.io").await;
    for headers in [
        &[("x-forwarded-for", "203.0.113.9")][..],
        &[("forwarded", "for=203.0.113.9")],
        &[("x-real-ip", "203.0.113.9"), ("x-forwarded-for", "10.0.0.1, 127.0.0.1")],
    ] {
        assert_eq!(address_of_session(app, headers).await, "127.0.0.1", "{headers:?}");
    }
}

/// Sessions and rate limits use the client's address: an attacker behind a proxy does not block other clients of the
/// proxy.
async fn headers_of_trusted_proxies_are_used(backend: Backend) {
    let settings =
        [("PATRON_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8"), ("PATRON_FAILURES_PER_ADDRESS", "2")];
    let app = TestApp::start_with(backend, |flags| {
        settings.iter().fold(flags, |flags, (variable, value)| flags.with(variable, *value))
    })
    .await;
    app.register("a@x.io").await;
    for (forwarded, client) in [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("192.0.2.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("nonsense", "127.0.0.1"),
    ] {
        assert_eq!(address_of_session(&app, &[("x-forwarded-for", forwarded)]).await, client, "{forwarded}");
    }
    // Only the header that the settings name.
    assert_eq!(address_of_session(&app, &[("forwarded", "for=203.0.113.9")]).await, "127.0.0.1");

    let attacker = |number: usize| format!("192.0.2.{number}, 198.51.100.7, 10.1.2.3");
    for number in 0..2 {
        let response = log_in(&app, "wrong wrong", &[("x-forwarded-for", &attacker(number))]).await;
        response.assert_failure(401, "unauthenticated");
    }
    let refused = log_in(&app, CUSTOMER_PASSWORD, &[("x-forwarded-for", &attacker(3))]).await;
    refused.assert_failure(429, "rate_limited");
    app.app.clock.advance(chrono::TimeDelta::seconds(10));
    let response = log_in(&app, CUSTOMER_PASSWORD, &[("x-forwarded-for", "198.51.100.8, 10.1.2.3")]).await;
    assert_eq!(response.status, 200, "{response:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_trusted_proxies_are_used_sqlite() {
    headers_of_trusted_proxies_are_used(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_trusted_proxies_are_used_postgres() {
    headers_of_trusted_proxies_are_used(Backend::Postgres).await;
}

/// With `Forwarded` (RFC 7239) configured, `X-Forwarded-For` is ignored, because a client may have set it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_forwarded_header_is_used_if_configured() {
    let app = TestApp::start_with(Backend::Sqlite, |flags| {
        flags.with("PATRON_TRUSTED_PROXIES", "127.0.0.1").with("PATRON_PROXY_HEADER", "forwarded")
    })
    .await;
    app.register("a@x.io").await;
    let headers = [
        ("forwarded", "for=192.0.2.1, for=\"[2001:db8::7]:4711\";proto=https"),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    assert_eq!(address_of_session(&app, &headers).await, "2001:db8::7");
    assert_eq!(address_of_session(&app, &headers[1..]).await, "127.0.0.1");
    app.stop().await;
}
