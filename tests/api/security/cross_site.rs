//! Cross-site request forgery: credentials that browsers add automatically are ignored, and requests that forms can
//! send are refused.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::coverage::operations;
use crate::support::{Actor, TestResponse, apply, on_both_databases};

/// The content types that forms, and scripts without a preflight, can send (Fetch, 2.2.2: CORS-safelisted).
const SAFELISTED: [&str; 3] =
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"];

/// The operations that read a body.
pub(crate) fn with_body() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations =
        paths.flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |entry| (path, entry)));
    operations
        .filter(|(_, (_, operation))| !operation["requestBody"].is_null())
        .map(|(path, (method, _))| (method.to_uppercase(), path.clone()))
        .collect()
}

fn assert_no_cookie(response: &TestResponse, what: &str) {
    assert_eq!(response.header("set-cookie"), None, "{what}");
    let vary = response.header("vary").unwrap_or_default().to_ascii_lowercase();
    assert!(!vary.contains("cookie"), "{what}: {vary}");
}

#[apply(on_both_databases!)]
async fn cookies_are_neither_set_nor_read(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let admin = app.admin_tokens(crate::support::ADMIN_EMAIL, crate::support::ADMIN_PASSWORD).await;
    let admin = admin["accessToken"].as_str().unwrap();
    // Under the usual names of session cookies.
    let cookies: Vec<String> =
        ["token", "access_token", "accessToken", "asid", "sid", "session", "Authorization"]
            .iter()
            .flat_map(|name| [format!("{name}={admin}"), format!("{name}2={}", customer.token)])
            .collect();
    let cookies = cookies.join("; ");
    let (mut refused, before) = (0, app.customers().await);
    for (method, path, roles) in operations() {
        let what = format!("{method} {path}");
        let request = app.anonymous().request(method, &path).header("cookie", &cookies);
        let response = app.anonymous().send(request.json(&json!({}))).await;
        assert_no_cookie(&response, &what);
        if !roles.is_empty() {
            response.assert_failure(401, "unauthenticated");
            refused += 1;
        }
    }
    assert!(refused >= 20, "{refused}");
    assert_eq!(app.customers().await, before);
    // Logging in sets no cookie, and GraphQL reads none.
    let body = json!({"email": "a@x.io", "password": crate::support::CUSTOMER_PASSWORD});
    let response = app.anonymous().post("/api/customer/tokens", &body).await;
    response.data();
    assert_no_cookie(&response, "a log-in");
    let request = app.anonymous().request(Method::POST, "/api/graphql").header("cookie", &cookies);
    let response =
        app.anonymous().send(request.json(&json!({"query": "{ currentCustomer { uuid } }"}))).await;
    assert_eq!(response.data()["currentCustomer"], Value::Null);
    for path in ["/playground", "/api/docs", "/account/reset-password", "/nope"] {
        assert_no_cookie(&app.anonymous().get(path).await, path);
    }
}

#[apply(on_both_databases!)]
async fn requests_that_forms_can_send_are_refused(app: &TestApp) {
    let operations = with_body();
    assert!(operations.len() >= 15, "{operations:?}");
    let customer = app.customer("a@x.io").await;
    let before = app.customers().await;
    let bodies = [
        r#"{"email": "b@x.io", "full_name": "B", "password": "correct horse battery"}"#,
        "email=b%40x.io&full_name=B&password=correct+horse+battery",
    ];
    let admin = app.admin();
    for (method, path) in operations.into_iter().chain([("POST".to_owned(), "/api/graphql".to_owned())]) {
        let method: Method = method.parse().unwrap();
        let is_own = path.starts_with("/api/customers/me");
        let request = || {
            if is_own {
                customer.request(method.clone(), &path)
            } else {
                admin.request(method.clone(), &path)
            }
        };
        for (content_type, body) in SAFELISTED.iter().flat_map(|kind| bodies.map(|body| (*kind, body))) {
            let response = admin.send(request().header("content-type", content_type).body(body)).await;
            assert_eq!(response.status, 415, "{method} {path} {content_type}: {response:?}");
        }
        // A body without a content type, which scripts can send without a preflight, is refused too.
        assert_eq!(admin.send(request().body(bodies[0])).await.status, 415, "{method} {path}");
    }
    assert_eq!(app.customers().await, before);
}

/// The two tests above check the existing routes; this one checks the source code. The front door is off by default, and
/// `tests/api/front_door` checks it.
#[test]
fn only_the_front_door_reads_and_sets_cookies() {
    const MARKS: [&str; 5] =
        ["header::COOKIE", "header::SET_COOKIE", "Cookie::", "\"cookie\"", "\"set-cookie\""];
    const FRONT_DOOR: [&str; 4] = [
        "api/rest/shop.rs",
        "http/shop_cookie.rs",
        "http/stored_response.rs",
        "service/shop_session/create.rs",
    ];
    fn search(root: &Path, folder: &Path, matches: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                search(root, &path, matches);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if MARKS.iter().any(|mark| text.contains(mark)) {
                    matches.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut matches = Vec::new();
    search(&root, &root, &mut matches);
    matches.sort();
    assert_eq!(matches, FRONT_DOOR);
}
