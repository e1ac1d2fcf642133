//! The single write transaction of a request: it is committed with its stored response, executed once per idempotency
//! key, and never open while the request waits for something else.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use patron::entity::idempotency_key;
use patron::types::PasswordHash;
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};

use super::coverage::operations;
use super::mutations::{Fixture, Repeat, Role};
use crate::support::{Actor, Backend, Customer, TestApp, TestResponse, apply, dump, on_both_databases};

/// A hash that takes much longer to verify than new ones.
const BCRYPT: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

async fn keyed(actor: &impl Actor, method: &Method, path: &str, key: &str, body: &Value) -> TestResponse {
    let request = actor.request(method.clone(), path).header("idempotency-key", key).json(body);
    actor.send(request).await
}

async fn stored_keys(app: &TestApp) -> u64 {
    idempotency_key::Entity::find().count(app.app.db.writer()).await.unwrap()
}

/// Each mutation of the OpenAPI document is sent twice with one key. The first request is executed. The second changes
/// nothing and receives the same response.
#[apply(on_both_databases!)]
async fn every_mutation_is_executed_once_per_key(app: &TestApp) {
    let mut seen = BTreeSet::new();
    for (number, (method, path, _)) in operations().into_iter().enumerate() {
        if method == Method::GET {
            continue;
        }
        let operation = format!("{method} {path}");
        assert!(seen.insert(operation.clone()));
        let fixture = Fixture::new(app, number).await;
        let (role, path, body, expected) = fixture.mutation(&operation).await;
        let key = format!("key-{number}");
        let send = async || match &role {
            Role::Anonymous => keyed(&app.anonymous(), &method, &path, &key, &body).await,
            Role::Customer => keyed(&fixture.customer, &method, &path, &key, &body).await,
            Role::Admin => keyed(&app.admin(), &method, &path, &key, &body).await,
            Role::OtherAdmin(admin) => keyed(admin, &method, &path, &key, &body).await,
        };
        let keys = stored_keys(app).await;
        let first = send().await;
        assert!([200, 201].contains(&first.status), "{operation}: {first:?}");
        assert_eq!(stored_keys(app).await, keys + 1, "{operation}");
        let after = dump(app).await;
        let second = send().await;
        match expected {
            Repeat::Replayed => {
                assert_eq!((second.status, &second.text), (first.status, &first.text), "{operation}");
                assert_eq!(second.header("idempotency-replayed"), Some("true"), "{operation}");
            }
            Repeat::Refused => second.assert_failure(401, "unauthenticated"),
        }
        assert!(dump(app).await == after, "{operation} was done twice");
        // Rate limits of this case don't affect the next one.
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    assert!(seen.len() >= 35, "{seen:?}");
}

/// Once an account has an old hash, refused logins take as long as its verification. Eight of them with keys once held
/// the write connection (SQLite) or every connection (PostgreSQL) for that time.
#[apply(on_both_databases!)]
async fn refused_logins_with_a_key_do_not_block_writes(app: &TestApp) {
    let customer = app.register("a@x.io").await;
    let mut row = app.customers().await.remove(0).into_active_model();
    row.password = Set(PasswordHash::new(BCRYPT.to_owned()));
    row.update(app.app.db.writer()).await.unwrap();
    let wrong = json!({"email": "a@x.io", "password": "wrong wrong wrong"});
    app.anonymous().post("/api/customer/tokens", &wrong).await.assert_failure(401, "unauthenticated");
    let send = async |number: usize| {
        let body = json!({"email": format!("nobody{number}@x.io"), "password": "wrong wrong wrong"});
        keyed(&app.anonymous(), &Method::POST, "/api/customer/tokens", &format!("k{number}"), &body).await
    };
    let mut logins = std::pin::pin!(futures_util::future::join_all((0..8).map(send)).fuse());
    // The writes of an admin need no hash, so they don't wait for the hashes of the logins.
    let (admin, path) = (app.admin(), format!("/api/customers/{}", customer["uuid"].as_str().unwrap()));
    let mut written = 0;
    loop {
        let body = json!({"full_name": format!("Name {written}")});
        let write = std::pin::pin!(admin.patch(&path, &body).fuse());
        // The first to end; the other continues.
        match futures_util::future::select(&mut logins, write).await {
            futures_util::future::Either::Left((responses, _)) => {
                for response in responses {
                    response.assert_failure(401, "unauthenticated");
                }
                break;
            }
            futures_util::future::Either::Right((response, _)) => {
                assert_eq!(response.status, 200, "{response:?}")
            }
        }
        written += 1;
    }
    println!("{written} writes while the logins waited");
    assert!(written >= 2, "writes waited for refused logins");
    assert_eq!(stored_keys(app).await, 0, "a refused login is not stored");
}

/// Requests with invented tokens change nothing, so no idempotency keys are stored for them.
#[apply(on_both_databases!)]
async fn anonymous_requests_without_effect_store_nothing(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for number in 0..20 {
        for path in ["/api/customer/token/revoke", "/api/user/token/revoke"] {
            let body = json!({"refreshToken": format!("made up {number}")});
            let response = keyed(&app.anonymous(), &Method::POST, path, &format!("k{number}"), &body).await;
            assert_eq!((response.status, response.data()), (200, json!({})), "{path}");
        }
        let body = json!({"token": format!("made up {number}")});
        keyed(&app.anonymous(), &Method::POST, "/api/customers/verify-email", &format!("v{number}"), &body)
            .await
            .assert_failure(400, "validation_failed");
    }
    assert_eq!(stored_keys(app).await, 0);
    // A valid token ends its session, and the response is stored.
    let body = json!({"refreshToken": customer.refresh_token});
    let first = keyed(&app.anonymous(), &Method::POST, "/api/customer/token/revoke", "real", &body).await;
    let second = keyed(&app.anonymous(), &Method::POST, "/api/customer/token/revoke", "real", &body).await;
    assert_eq!((first.status, second.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!(stored_keys(app).await, 1);
}

/// Only the latest keys of a caller are kept; keys of other callers are unaffected.
#[apply(on_both_databases!)]
async fn keys_are_bounded_per_caller(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_IDEMPOTENCY_KEYS", "5")).await;
    let (one, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    let send = async |customer: &Customer<'_>, number: u32| {
        let body = json!({"full_name": format!("Name {number}")});
        keyed(customer, &Method::PATCH, "/api/customers/me", &format!("k{number}"), &body).await
    };
    assert_eq!(send(&other, 0).await.status, 200);
    for number in 0..20 {
        assert_eq!(send(&one, number).await.status, 200);
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    // Stored failures of a caller with a token count too.
    for number in 20..30 {
        let body = json!({"full_name": ""});
        let response = keyed(&one, &Method::PATCH, "/api/customers/me", &format!("k{number}"), &body).await;
        response.assert_failure(400, "validation_failed");
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    assert_eq!(stored_keys(&app).await, 6);
    assert_eq!(send(&other, 0).await.header("idempotency-replayed"), Some("true"));
    app.stop().await;
}

/// After a failure at COMMIT the whole transaction is retried, including the stored response of a request with a key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serialization_failure_at_commit_is_retried() {
    let app = TestApp::start(Backend::Postgres).await;
    let customer = app.customer("a@x.io").await;
    // Sequences are not rolled back: the first commit fails, the second doesn't.
    let fail_first_commit = r#"
        CREATE SEQUENCE commits;
        CREATE FUNCTION fail_first_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('commits') % 2 = 1 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER fail_first_commit AFTER UPDATE ON customer
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_first_commit();
    "#;
    app.app.db.writer().execute_unprepared(fail_first_commit).await.unwrap();
    let body = json!({"full_name": "New"});
    let first = keyed(&customer, &Method::PATCH, "/api/customers/me", "k", &body).await;
    assert_eq!((first.status, &first.data()["version"]), (200, &json!(2)), "{first:?}");
    let second = keyed(&customer, &Method::PATCH, "/api/customers/me", "k", &body).await;
    assert_eq!((second.text, second.headers.get("idempotency-replayed").is_some()), (first.text, true));
    let without_key = customer.patch("/api/customers/me", &json!({"full_name": "Newer"})).await;
    assert_eq!((without_key.status, &without_key.data()["version"]), (200, &json!(3)), "{without_key:?}");
    app.stop().await;
}
