//! Bad input to the REST routes: a clear failure, nothing changed, the server goes on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::security::with_body;
use crate::support::{Actor, CUSTOMER_PASSWORD, TestApp, apply, on_both_databases};

/// A registration, compressed.
const GZIPPED: &[u8] = include_bytes!("gzip-body.bin");

/// Sends a raw body to both routes that take one.
async fn refused(app: &TestApp, content_type: Option<&str>, body: Vec<u8>, status: u16, code: &str) {
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

/// A value of a field that is refused, with the message.
async fn field_refused(app: &TestApp, field: &str, value: Value, message: &str) {
    let before = app.customers().await;
    let mut body = json!({"full_name": "A", "email": "new@x.io", "password": CUSTOMER_PASSWORD});
    body[field] = value.clone();
    let path = format!("/api/customers/{}", before[0].uuid);
    for answer in [
        app.admin().post("/api/customers", &body).await,
        app.admin().patch(&path, &json!({field: value})).await,
    ] {
        answer.assert_failure(400, "validation_failed");
        assert_eq!(answer.details(), [(field, message)], "{value}");
    }
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn bodies_that_cannot_be_read(app: &TestApp) {
    app.register("a@x.io").await;
    let json = Some("application/json");
    refused(app, json, b"{\"full_name\": ".to_vec(), 400, "malformed_json").await;
    refused(app, json, b"".to_vec(), 400, "malformed_json").await;
    refused(app, json, b"{\"full_name\": \"\xff\"}".to_vec(), 400, "malformed_json").await;
    refused(
        app,
        json,
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
        400,
        "malformed_json",
    )
    .await;
    refused(
        app,
        json,
        format!("{{\"meta_data\":{}1{}}}", "{\"a\":".repeat(500), "}".repeat(500)).into_bytes(),
        400,
        "malformed_json",
    )
    .await;
    refused(app, json, b"[]".to_vec(), 400, "validation_failed").await;
    refused(app, json, b"null".to_vec(), 400, "validation_failed").await;
    refused(app, json, b"\"text\"".to_vec(), 400, "validation_failed").await;
    refused(app, None, b"{}".to_vec(), 415, "unsupported_media_type").await;
    refused(app, Some("text/plain"), b"{}".to_vec(), 415, "unsupported_media_type").await;
    refused(
        app,
        Some("application/x-www-form-urlencoded"),
        b"full_name=A".to_vec(),
        415,
        "unsupported_media_type",
    )
    .await;
    // A chunk that is none: the body breaks off, it is not too large.
    let request = "POST /api/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let answer = app.raw(request).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("malformed_json"), "{answer}");
    let large = format!("{{\"full_name\": \"{}\"}}", "a".repeat(1024 * 1024));
    refused(app, json, large.into_bytes(), 413, "payload_too_large").await;
}

/// Whoever refuses without looking at the body still lets the client finish: otherwise it would see its
/// connection break while it sends, and not the answer.
#[apply(on_both_databases!)]
async fn a_refusal_arrives_though_the_body_is_large(app: &TestApp) {
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

/// No route decodes a body, or reads an encoded one as if it were not.
#[apply(on_both_databases!)]
async fn bodies_with_a_content_coding(app: &TestApp) {
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
            let answer = admin.send(request.header("content-encoding", codings).body(GZIPPED)).await;
            assert_eq!(
                (answer.status, answer.header("accept-encoding")),
                (415, Some("identity")),
                "{method} {path}: {answer:?}"
            );
            if path.ends_with("graphql") {
                assert_eq!(answer.graphql_code(), "UNSUPPORTED_MEDIA_TYPE");
            } else {
                answer.assert_failure(415, "unsupported_media_type");
                assert_eq!(answer.message(), "The body must be sent without a Content-Encoding");
            }
        }
    }
    assert_eq!(app.customers().await, before);
    // `identity` and an empty list are no coding.
    for (number, codings) in ["identity", "IDENTITY, identity", "", " , "].iter().enumerate() {
        let body =
            json!({"full_name": "A", "email": format!("b{number}@x.io"), "password": CUSTOMER_PASSWORD});
        let request =
            app.anonymous().request(Method::POST, "/api/customers").header("content-encoding", *codings);
        assert_eq!(app.anonymous().send(request.json(&body)).await.status, 201, "{codings:?}");
    }
    // A wrong content type says nothing about codings.
    let answer =
        app.anonymous().send(app.anonymous().request(Method::POST, "/api/customers").body("{}")).await;
    assert_eq!((answer.status, answer.header("accept-encoding")), (415, None));
}

/// A proxy that reads the first one and a server that reads the last one would see different requests.
#[apply(on_both_databases!)]
async fn two_content_types(app: &TestApp) {
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
            let answer = send(request).await;
            answer.assert_failure(400, "validation_failed");
            assert_eq!(answer.details(), [("Content-Type", message)]);
        }
        let answer = send(app.anonymous().request(Method::POST, "/api/graphql")).await;
        assert_eq!(
            (answer.status, answer.graphql_code(), &answer.body["errors"][0]["message"]),
            (400, "VALIDATION_FAILED", &json!(message))
        );
    }
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn content_types_that_are_json(app: &TestApp) {
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
async fn every_wrong_type_of_every_field(app: &TestApp) {
    app.register("a@x.io").await;
    for (field, not_a_string) in [
        ("full_name", "Full name must be a string"),
        ("email", "Email must be a string"),
        ("password", "Password must be a string"),
    ] {
        for value in [json!(null), json!(true), json!(1), json!(1.5), json!([]), json!({}), json!(["a"])] {
            field_refused(app, field, value, not_a_string).await;
        }
    }
    for value in [json!(null), json!(true), json!([]), json!({}), json!([1])] {
        field_refused(app, "status", value, "Status must be a string or number").await;
    }
    for value in
        [json!(2), json!(-1), json!(0.5), json!(1e30), json!("2"), json!(""), json!("true"), json!(" 1")]
    {
        field_refused(app, "status", value, "Status must be either 0, 1, '0', or '1'").await;
    }
    for value in [json!(true), json!(1.5), json!("x"), json!([]), json!(99_999_999_999_u64)] {
        field_refused(app, "group_id", value, "Group id must be an integer").await;
    }
    for value in [json!(true), json!(1), json!("x"), json!([])] {
        field_refused(app, "meta_data", value, "Meta data must be an object").await;
    }
}

#[apply(on_both_databases!)]
async fn values_that_break_rules(app: &TestApp) {
    app.register("a@x.io").await;
    let no_address = "Email must be a valid email address (e.g., user@example.com)";
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
        field_refused(app, "email", json!(email), no_address).await;
    }
    for name in ["", " ", "\t\n", "\u{200B}\u{202E}"] {
        field_refused(app, "full_name", json!(name), "Full name is required and cannot be empty").await;
    }
    field_refused(app, "full_name", json!("a\0b"), "Full name must not contain control characters").await;
    field_refused(app, "full_name", json!("a".repeat(256)), "Full name must be at most 255 characters").await;
    field_refused(app, "meta_data", json!({"a": [{"b\0": 1}]}), "Meta data must not contain NUL").await;
    for (password, message) in [
        ("", "Password is required and cannot be empty"),
        ("1234567", "Password must be at least 8 characters"),
        ("password", "Password is too common"),
        ("Password1", "Password is too common"),
    ] {
        field_refused(app, "password", json!(password), message).await;
    }
    field_refused(app, "password", json!("é".repeat(513)), "Password must be at most 1024 bytes").await;
}

#[apply(on_both_databases!)]
async fn ids_that_name_no_customer(app: &TestApp) {
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
