//! Bad input to the REST routes: a clear failure, no change, and the server keeps serving.

use reqwest::Method;
use serde_json::{Value, json};

use crate::security::with_body;
use crate::support::{Actor, CUSTOMER_PASSWORD, TestApp, apply, on_both_databases};

/// A registration, compressed.
const GZIPPED: &[u8] = include_bytes!("gzip-body.bin");

/// Sends a raw body to both customer routes: both refuse it, and no customer changes.
async fn assert_body_refused(
    app: &TestApp,
    content_type: Option<&str>,
    body: Vec<u8>,
    status: u16,
    code: &str,
) {
    let before = app.customers().await;
    let uuid = before[0].uuid;
    for (method, path) in
        [(Method::POST, "/api/customers".to_owned()), (Method::PATCH, format!("/api/customers/{uuid}"))]
    {
        let mut request = app.admin().request(method, &path).body(body.clone());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        app.admin().send(request).await.assert_failure(status, code);
    }
    assert_eq!(app.customers().await, before);
}

/// Both customer routes refuse this value of a field with this message, and no customer changes.
async fn assert_field_refused(app: &TestApp, field: &str, value: Value, message: &str) {
    let before = app.customers().await;
    let mut body = json!({"full_name": "A", "email": "new@x.io", "password": CUSTOMER_PASSWORD});
    body[field] = value.clone();
    let path = format!("/api/customers/{}", before[0].uuid);
    for response in [
        app.admin().post("/api/customers", &body).await,
        app.admin().patch(&path, &json!({field: value})).await,
    ] {
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [(field, message)], "{value}");
    }
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn unreadable_bodies_are_refused(app: &TestApp) {
    app.register("a@x.io").await;
    let json = Some("application/json");
    assert_body_refused(app, json, b"{\"full_name\": ".to_vec(), 400, "malformed_json").await;
    assert_body_refused(app, json, b"".to_vec(), 400, "malformed_json").await;
    assert_body_refused(app, json, b"{\"full_name\": \"\xff\"}".to_vec(), 400, "malformed_json").await;
    assert_body_refused(
        app,
        json,
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
        400,
        "malformed_json",
    )
    .await;
    assert_body_refused(
        app,
        json,
        format!("{{\"meta_data\":{}1{}}}", "{\"a\":".repeat(500), "}".repeat(500)).into_bytes(),
        400,
        "malformed_json",
    )
    .await;
    assert_body_refused(app, json, b"[]".to_vec(), 400, "validation_failed").await;
    assert_body_refused(app, json, b"null".to_vec(), 400, "validation_failed").await;
    assert_body_refused(app, json, b"\"text\"".to_vec(), 400, "validation_failed").await;
    assert_body_refused(app, None, b"{}".to_vec(), 415, "unsupported_media_type").await;
    assert_body_refused(app, Some("text/plain"), b"{}".to_vec(), 415, "unsupported_media_type").await;
    assert_body_refused(
        app,
        Some("application/x-www-form-urlencoded"),
        b"full_name=A".to_vec(),
        415,
        "unsupported_media_type",
    )
    .await;
    // A malformed chunk: the body is malformed, not too large.
    let request = "POST /api/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let response = app.send_raw(request).await;
    assert!(response.starts_with("HTTP/1.1 400") && response.contains("malformed_json"), "{response}");
    let large = format!("{{\"full_name\": \"{}\"}}", "a".repeat(1024 * 1024));
    assert_body_refused(app, json, large.into_bytes(), 413, "payload_too_large").await;
}

/// A request may be refused before its body is read. The server still receives the body: otherwise the client would see
/// a connection error while it sends, instead of the response.
#[apply(on_both_databases!)]
async fn clients_receive_the_refusal_of_a_large_body(app: &TestApp) {
    let uuid = app.register("a@x.io").await["uuid"].as_str().unwrap().to_owned();
    let large = vec![b'a'; 4 * 1024 * 1024];
    for _ in 0..20 {
        let request =
            app.anonymous().request(Method::PATCH, &format!("/api/customers/{uuid}")).body(large.clone());
        app.anonymous().send(request).await.assert_failure(401, "unauthenticated");
        let request = app.anonymous().request(Method::POST, "/api/customers").body(large.clone());
        app.anonymous().send(request).await.assert_failure(415, "unsupported_media_type");
        let request = app
            .anonymous()
            .request(Method::POST, "/api/customers")
            .header("content-type", "application/json");
        app.anonymous().send(request.body(large.clone())).await.assert_failure(413, "payload_too_large");
    }
}

/// No route decodes a body, and none reads an encoded body as if it were plain.
#[apply(on_both_databases!)]
async fn bodies_with_a_content_coding_are_refused(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let (before, admin) = (app.customers().await, app.admin());
    for (method, path) in with_body().into_iter().chain([
        ("POST".to_owned(), "/api/graphql".to_owned()),
        ("POST".to_owned(), "/api/admin/graphql".to_owned()),
    ]) {
        for codings in ["gzip", "identity, br", "x"] {
            let actor: &dyn Fn(Method) -> reqwest::RequestBuilder = if path.starts_with("/api/customers/me") {
                &|method| customer.request(method, &path)
            } else {
                &|method| admin.request(method, &path)
            };
            let request = actor(method.parse().unwrap()).header("content-type", "application/json");
            let response = admin.send(request.header("content-encoding", codings).body(GZIPPED)).await;
            assert_eq!(
                (response.status, response.header("accept-encoding")),
                (415, Some("identity")),
                "{method} {path}: {response:?}"
            );
            if path.ends_with("graphql") {
                assert_eq!(response.graphql_code(), "UNSUPPORTED_MEDIA_TYPE");
            } else {
                response.assert_failure(415, "unsupported_media_type");
                assert_eq!(response.message(), "The body must be sent without a Content-Encoding");
            }
        }
    }
    assert_eq!(app.customers().await, before);
    // `identity` and an empty list mean no content coding.
    for (number, codings) in ["identity", "IDENTITY, identity", "", " , "].iter().enumerate() {
        let body =
            json!({"full_name": "A", "email": format!("b{number}@x.io"), "password": CUSTOMER_PASSWORD});
        let request =
            app.anonymous().request(Method::POST, "/api/customers").header("content-encoding", *codings);
        assert_eq!(app.anonymous().send(request.json(&body)).await.status, 201, "{codings:?}");
    }
    // The response to a wrong content type has no `Accept-Encoding`.
    let response =
        app.anonymous().send(app.anonymous().request(Method::POST, "/api/customers").body("{}")).await;
    assert_eq!((response.status, response.header("accept-encoding")), (415, None));
}

/// A proxy that reads the first header and a server that reads the last one would see different requests.
#[apply(on_both_databases!)]
async fn two_content_types_are_refused(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let (before, admin) = (app.customers().await, app.admin());
    let message = "The request has more than one Content-Type header";
    for (number, types) in [
        ["application/json", "application/json"],
        ["application/json", "text/plain"],
        ["text/plain", "application/json"],
    ]
    .into_iter()
    .enumerate()
    {
        let send = async |request: reqwest::RequestBuilder| {
            admin
                .send(request.header("content-type", types[0]).header("content-type", types[1]).body("{}"))
                .await
        };
        for request in [
            app.anonymous().request(Method::POST, "/api/customers"),
            customer.request(Method::PATCH, "/api/customers/me"),
            customer
                .request(Method::PATCH, "/api/customers/me")
                .header("idempotency-key", number.to_string()),
        ] {
            let response = send(request).await;
            response.assert_failure(400, "validation_failed");
            assert_eq!(response.details(), [("Content-Type", message)]);
        }
        let response = send(app.anonymous().request(Method::POST, "/api/graphql")).await;
        assert_eq!(
            (response.status, response.graphql_code(), &response.body["errors"][0]["message"]),
            (400, "VALIDATION_FAILED", &json!(message))
        );
    }
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn json_content_types_are_accepted(app: &TestApp) {
    for (number, content_type) in
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
            .iter()
            .enumerate()
    {
        let body =
            json!({"full_name": "A", "email": format!("a{number}@x.io"), "password": CUSTOMER_PASSWORD});
        let request =
            app.anonymous().request(Method::POST, "/api/customers").header("content-type", *content_type);
        assert_eq!(app.anonymous().send(request.body(body.to_string())).await.status, 201, "{content_type}");
    }
}

#[apply(on_both_databases!)]
async fn fields_of_the_wrong_type_are_refused(app: &TestApp) {
    app.register("a@x.io").await;
    for (field, not_a_string) in [
        ("full_name", "Full name must be a string"),
        ("email", "Email must be a string"),
        ("password", "Password must be a string"),
    ] {
        for value in [json!(null), json!(true), json!(1), json!(1.5), json!([]), json!({}), json!(["a"])] {
            assert_field_refused(app, field, value, not_a_string).await;
        }
    }
    for value in [json!(null), json!(true), json!([]), json!({}), json!([1])] {
        assert_field_refused(app, "status", value, "Status must be a string or number").await;
    }
    for value in
        [json!(2), json!(-1), json!(0.5), json!(1e30), json!("2"), json!(""), json!("true"), json!(" 1")]
    {
        assert_field_refused(app, "status", value, "Status must be either 0, 1, '0', or '1'").await;
    }
    for value in [json!(true), json!(1.5), json!("x"), json!([]), json!(99_999_999_999_u64)] {
        assert_field_refused(app, "group_id", value, "Group id must be an integer").await;
    }
    for value in [json!(true), json!(1), json!("x"), json!([])] {
        assert_field_refused(app, "meta_data", value, "Meta data must be an object").await;
    }
}

#[apply(on_both_databases!)]
async fn invalid_values_are_refused(app: &TestApp) {
    app.register("a@x.io").await;
    let invalid_email = "Email must be a valid email address (e.g., user@example.com)";
    let long = format!("{}@example.com", "a".repeat(400));
    for email in [
        "",
        "x",
        "a@b",
        "a b@x.io",
        "a@x..io",
        "a\0@x.io",
        "<a@x.io>",
        "a@x.io,b@x.io",
        "a@x.io\r\nBcc: b@x.io",
        long.as_str(),
    ] {
        assert_field_refused(app, "email", json!(email), invalid_email).await;
    }
    for name in ["", " ", "\t\n", "\u{200B}\u{202E}"] {
        assert_field_refused(app, "full_name", json!(name), "Full name is required and cannot be empty")
            .await;
    }
    assert_field_refused(app, "full_name", json!("a\0b"), "Full name must not contain control characters")
        .await;
    assert_field_refused(
        app,
        "full_name",
        json!("a".repeat(256)),
        "Full name must be at most 255 characters",
    )
    .await;
    assert_field_refused(app, "meta_data", json!({"a": [{"b\0": 1}]}), "Meta data must not contain NUL")
        .await;
    for (password, message) in [
        ("", "Password is required and cannot be empty"),
        ("1234567", "Password must be at least 8 characters"),
        ("password", "Password is too common"),
        ("Password1", "Password is too common"),
    ] {
        assert_field_refused(app, "password", json!(password), message).await;
    }
    assert_field_refused(app, "password", json!("é".repeat(513)), "Password must be at most 1024 bytes")
        .await;
}

#[apply(on_both_databases!)]
async fn unknown_ids_are_not_found(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let before = app.customers().await;
    let braced = format!("{{{}}}", row["uuid"].as_str().unwrap());
    for id in [
        "1",
        "me-not",
        "433ba97f-8be7-4be9-be3f-a9f341f2b89f",
        "433ba97f-8be7-4be9-be3f-a9f341f2b89",
        "%00",
        "%FF%FE",
        braced.as_str(),
        "..%2fcustomers",
    ] {
        let path = format!("/api/customers/{id}");
        app.admin().patch(&path, &json!({"full_name": "B"})).await.assert_failure(404, "not_found");
        app.admin().delete(&path).await.assert_failure(404, "not_found");
    }
    assert_eq!(app.customers().await, before);
}
