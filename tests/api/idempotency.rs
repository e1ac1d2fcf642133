//! `Idempotency-Key`: a request that is sent twice is executed once, and its response is replayed.

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::entity::idempotency_key;
use patron::service::housekeeping;
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply,
    on_both_databases,
};

async fn keyed(actor: &impl Actor, method: Method, url: &str, key: &str, body: &Value) -> TestResponse {
    actor.send(actor.request(method, url).header("idempotency-key", key).json(body)).await
}

fn registration(email: &str) -> Value {
    json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD})
}

async fn records(app: &TestApp) -> Vec<idempotency_key::Model> {
    idempotency_key::Entity::find().all(app.app.db.writer()).await.unwrap()
}

/// The second response has the same bytes as the first.
#[track_caller]
fn assert_replayed(first: &TestResponse, second: &TestResponse) {
    assert_eq!((second.status, &second.text), (first.status, &first.text));
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    for name in ["location", "etag", "content-type", "cache-control"] {
        assert_eq!(second.header(name), first.header(name), "{name}");
    }
    assert!(
        second.header("x-request-id").is_some()
            && second.header("x-request-id") != first.header("x-request-id")
    );
}

#[apply(on_both_databases!)]
async fn a_registration_is_executed_once(app: &TestApp) {
    let send = async || {
        keyed(&app.anonymous(), Method::POST, "/api/customers", "k-1", &registration("a@x.io")).await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(first.status, 201);
    assert_replayed(&first, &second);
    assert_eq!(app.customers().await.len(), 1);
    // The key in quotation marks, as in the IETF draft, is the same key.
    let quoted =
        keyed(&app.anonymous(), Method::POST, "/api/customers", "\"k-1\"", &registration("a@x.io")).await;
    assert_replayed(&first, &quoted);
    // Another request with the same key is refused and not executed.
    let other = keyed(&app.anonymous(), Method::POST, "/api/customers", "k-1", &registration("b@x.io")).await;
    other.assert_failure(422, "idempotency_mismatch");
    // Another key is another request.
    let repeated =
        keyed(&app.anonymous(), Method::POST, "/api/customers", "k-2", &registration("a@x.io")).await;
    repeated.assert_failure(409, "email_taken");
    assert_eq!(app.customers().await.len(), 1);
}

#[apply(on_both_databases!)]
async fn changes_and_deletes_are_executed_once(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let (admin, url) = (app.admin(), format!("/api/customers/{}", row["uuid"].as_str().unwrap()));
    let send = async |method: Method, body: Value| keyed(&admin, method, &url, "k", &body).await;
    let first = send(Method::PATCH, json!({"full_name": "B"})).await;
    admin.patch(&url, &json!({"full_name": "C"})).await.data();
    assert_replayed(&first, &send(Method::PATCH, json!({"full_name": "B"})).await);
    assert_eq!(app.customers().await[0].full_name, "C");
    // The URL is part of the fingerprint.
    let elsewhere = format!("/api/customers/{}", row["uuid"].as_str().unwrap().replace('-', ""));
    let other = keyed(&admin, Method::PATCH, &elsewhere, "k", &json!({"full_name": "B"})).await;
    other.assert_failure(422, "idempotency_mismatch");
    // On another route the key is independent.
    let first = send(Method::DELETE, json!({})).await;
    assert_eq!(first.status, 200);
    assert_replayed(&first, &send(Method::DELETE, json!({})).await);
    admin.delete(&url).await.assert_failure(404, "not_found");
}

/// Failures of authenticated callers are stored and replayed. Failures of anonymous requests are not stored.
#[apply(on_both_databases!)]
async fn failures_are_replayed(app: &TestApp) {
    let admin = app.admin();
    let first = keyed(&admin, Method::POST, "/api/customer-groups", "k", &json!({"group_name": 1})).await;
    first.assert_failure(400, "validation_failed");
    assert_replayed(
        &first,
        &keyed(&admin, Method::POST, "/api/customer-groups", "k", &json!({"group_name": 1})).await,
    );
    let bad = json!({"email": "x"});
    for _ in 0..2 {
        let response = keyed(&app.anonymous(), Method::POST, "/api/customers", "k", &bad).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.header("idempotency-replayed"), None);
    }
    assert_eq!(records(app).await.len(), 1);
    // A caller without permission leaves no record, so the key works with the right token.
    let group = json!({"group_name": "VIP"});
    keyed(&app.anonymous(), Method::POST, "/api/customer-groups", "g", &group)
        .await
        .assert_failure(401, "unauthenticated");
    assert_eq!(keyed(&admin, Method::POST, "/api/customer-groups", "g", &group).await.status, 201);
}

#[apply(on_both_databases!)]
async fn keys_belong_to_their_callers(app: &TestApp) {
    let (one, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    let body = json!({"full_name": "New"});
    let first = keyed(&one, Method::PATCH, "/api/customers/me", "k", &body).await;
    let second = keyed(&other, Method::PATCH, "/api/customers/me", "k", &body).await;
    assert_eq!((second.status, second.header("idempotency-replayed")), (200, None));
    assert_ne!(first.data()["uuid"], second.data()["uuid"]);
    keyed(&app.anonymous(), Method::PATCH, "/api/customers/me", "k", &body)
        .await
        .assert_failure(401, "unauthenticated");
    // After another login it is the same caller.
    let same_caller = app.log_in_customer(&one.row).await;
    assert_replayed(&first, &keyed(&same_caller, Method::PATCH, "/api/customers/me", "k", &body).await);
    // A caller with a revoked token receives 401, not the stored response.
    app.admin()
        .patch(&format!("/api/customers/{}", one.row["uuid"].as_str().unwrap()), &json!({"status": 0}))
        .await
        .data();
    keyed(&one, Method::PATCH, "/api/customers/me", "k", &body).await.assert_failure(401, "unauthenticated");
}

/// One of twenty concurrent requests is executed. The others receive its response, or 409 with `Retry-After`.
#[apply(on_both_databases!)]
async fn concurrent_requests_are_executed_once(app: &TestApp) {
    let send =
        async |_| keyed(&app.anonymous(), Method::POST, "/api/customers", "k", &registration("a@x.io")).await;
    let responses = futures_util::future::join_all((0..20).map(send)).await;
    let created: Vec<&TestResponse> = responses.iter().filter(|response| response.status == 201).collect();
    assert!(!created.is_empty() && created.iter().all(|response| response.text == created[0].text));
    for response in responses.iter().filter(|response| response.status != 201) {
        response.assert_failure(409, "conflict");
        assert_eq!(response.header("retry-after"), Some("1"));
    }
    assert_eq!(app.customers().await.len(), 1);
    let last = send(0).await;
    assert_eq!((last.status, &last.text), (201, &created[0].text));
}

#[apply(on_both_databases!)]
async fn keys_expire_after_a_day(app: &TestApp) {
    let group = |name: &str| json!({"group_name": name});
    let send = async |name: &str| {
        keyed(&app.log_in_admin().await, Method::POST, "/api/customer-groups", "k", &group(name)).await
    };
    assert_eq!(send("A").await.status, 201);
    app.app.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(send("A").await.header("idempotency-replayed"), Some("true"));
    app.app.clock.advance(TimeDelta::seconds(1));
    let new = send("B").await;
    assert_eq!((new.status, new.header("idempotency-replayed")), (201, None));
    assert_eq!(send("B").await.header("idempotency-replayed"), Some("true"));
    app.app.clock.advance(TimeDelta::hours(25));
    housekeeping::run_once(&AdminCtx::system(app.app.clone())).await.unwrap();
    assert_eq!(records(app).await, []);
}

/// Logins are executed once, and neither tokens nor passwords are in the database in plain text.
#[apply(on_both_databases!)]
async fn secrets_are_sealed(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let login = json!({"email": "a@x.io", "password": CUSTOMER_PASSWORD});
    let send =
        async |path: &str, body: &Value| keyed(&app.anonymous(), Method::POST, path, "my-key", body).await;
    let first = send("/api/customer/tokens", &login).await;
    assert_replayed(&first, &send("/api/customer/tokens", &login).await);
    let sessions =
        app.admin().query(&format!("{{ customer(id: {}) {{ sessions {{ id }} }} }}", row["uuid"])).await;
    assert_eq!(sessions.data()["customer"]["sessions"].as_array().unwrap().len(), 1);
    let refresh = json!({"refreshToken": first.data()["refreshToken"]});
    let refreshed = send("/api/customer/token/refresh", &refresh).await;
    assert_replayed(&refreshed, &send("/api/customer/token/refresh", &refresh).await);
    let admin = json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD});
    let first = send("/api/user/tokens", &admin).await;
    assert_replayed(&first, &send("/api/user/tokens", &admin).await);
    // A wrong password is not stored: the correct one succeeds with the same key.
    let wrong = json!({"email": ADMIN_EMAIL, "password": "wrong wrong wrong"});
    keyed(&app.anonymous(), Method::POST, "/api/user/tokens", "k2", &wrong)
        .await
        .assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(2));
    assert_eq!(keyed(&app.anonymous(), Method::POST, "/api/user/tokens", "k2", &admin).await.status, 200);
    let records = records(app).await;
    assert_eq!(records.len(), 4);
    for record in records {
        let response = String::from_utf8_lossy(record.answer.as_ref().unwrap()).into_owned();
        for secret in ["accessToken", "eyJ", "my-key", "a@x.io", CUSTOMER_PASSWORD] {
            assert!(
                !format!("{} {} {response}", record.scope, record.fingerprint).contains(secret),
                "{secret}"
            );
        }
    }
}

#[apply(on_both_databases!)]
async fn a_wrong_password_is_counted_once(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let body = json!({"current_password": "wrong wrong", "password": "another correct horse"});
    let first = keyed(&customer, Method::POST, "/api/customers/me/password", "k", &body).await;
    first.assert_failure(400, "validation_failed");
    // The second request would receive 429 if its password were checked.
    assert_replayed(&first, &keyed(&customer, Method::POST, "/api/customers/me/password", "k", &body).await);
    app.app.clock.advance(TimeDelta::seconds(2));
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another correct horse"});
    let changed = keyed(&customer, Method::POST, "/api/customers/me/password", "k2", &body).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    // The token of the request has ended. The response has new tokens, which receive the replay.
    let renewed = customer.with_tokens(&changed.data());
    assert_replayed(
        &changed,
        &keyed(&renewed, Method::POST, "/api/customers/me/password", "k2", &body).await,
    );
}

#[apply(on_both_databases!)]
async fn malformed_keys_are_refused(app: &TestApp) {
    let long = "k".repeat(256);
    for key in ["", " ", "a b", "\"\"", "\"", "\"a", "a\"", "a\"b", "ä", long.as_str()] {
        let response =
            keyed(&app.anonymous(), Method::POST, "/api/customers", key, &registration("a@x.io")).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details()[0].0, "Idempotency-Key");
    }
    let request = app.anonymous().request(Method::POST, "/api/customers").json(&registration("a@x.io"));
    let twice = request.header("idempotency-key", "a").header("idempotency-key", "b");
    app.anonymous().send(twice).await.assert_failure(400, "validation_failed");
    let large = json!({"full_name": "x".repeat(300_000)});
    let response = keyed(&app.anonymous(), Method::POST, "/api/customers", "k", &large).await;
    response.assert_failure(413, "payload_too_large");
    assert!(app.customers().await.is_empty() && records(app).await.is_empty());
    // A refused content coding is not stored as the result of the request.
    let body = app
        .admin()
        .request(Method::POST, "/api/customers")
        .header("idempotency-key", "coded")
        .json(&registration("coded@x.io"));
    let response = app.admin().send(body.header("content-encoding", "gzip")).await;
    response.assert_failure(415, "unsupported_media_type");
    assert_eq!(
        (response.header("accept-encoding"), response.header("idempotency-replayed")),
        (Some("identity"), None)
    );
    assert!(app.customers().await.is_empty() && records(app).await.is_empty());
    let longest =
        keyed(&app.anonymous(), Method::POST, "/api/customers", &long[1..], &registration("a@x.io")).await;
    assert_eq!(longest.status, 201);
    // Permission is checked before the key and `If-Match` are validated.
    let group = json!({"group_name": "VIP"});
    keyed(&app.anonymous(), Method::POST, "/api/customer-groups", " ", &group)
        .await
        .assert_failure(401, "unauthenticated");
    let request = app.anonymous().request(Method::DELETE, "/api/customers/me").header("if-match", "0");
    app.anonymous().send(request).await.assert_failure(401, "unauthenticated");
    // Keys of reads are ignored.
    let read =
        keyed(&app.anonymous(), Method::POST, "/api/graphql", "k", &json!({"query": "{ __typename }"})).await;
    assert_eq!((read.status, records(app).await.len()), (200, 1));
    app.anonymous()
        .send(
            app.anonymous().request(Method::POST, "/nowhere").header("idempotency-key", "k").json(&json!({})),
        )
        .await
        .assert_failure(404, "not_found");
}

/// A concurrent request on another instance waits for the first and receives its response.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_on_two_instances_are_executed_once() {
    let app =
        TestApp::start_with(Backend::Postgres, |flags| flags.with("PATRON_SEALING_SECRET", "s".repeat(32)))
            .await;
    let second = app.second_instance_with(|flags| flags.with("PATRON_SEALING_SECRET", "s".repeat(32))).await;
    for number in 0..20 {
        let (key, body) = (format!("k{number}"), registration(&format!("{number}@x.io")));
        let (one, other) = (app.anonymous(), second.anonymous());
        let (one, other) = tokio::join!(
            keyed(&one, Method::POST, "/api/customers", &key, &body),
            keyed(&other, Method::POST, "/api/customers", &key, &body),
        );
        assert_eq!((one.status, other.status), (201, 201), "{one:?} {other:?}");
        assert_eq!(one.text, other.text);
    }
    assert_eq!(app.customers().await.len(), 20);
    second.stop().await;
    app.stop().await;
}
