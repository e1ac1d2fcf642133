//! Optimistic concurrency: responses to changes have an entity tag, and requests for changes may have `If-Match`.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::{Actor, Backend, CUSTOMER_PASSWORD, TestApp, TestResponse, apply, on_both_databases};

fn url(row: &Value) -> String {
    format!("/api/customers/{}", row["uuid"].as_str().unwrap())
}

async fn patch_if(actor: &impl Actor, url: &str, tag: &str, body: &Value) -> TestResponse {
    actor.send(actor.request(Method::PATCH, url).header("if-match", tag).json(body)).await
}

async fn delete_if(actor: &impl Actor, url: &str, tag: &str, body: &Value) -> TestResponse {
    actor.send(actor.request(Method::DELETE, url).header("if-match", tag).json(body)).await
}

#[apply(on_both_databases!)]
async fn customers_have_entity_tags(app: &TestApp) {
    let admin = app.admin();
    let body = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD});
    let created = app.anonymous().post("/api/customers", &body).await;
    assert_eq!(created.header("etag"), Some("\"1\""));
    let url = url(&created.data());
    let changed = patch_if(&admin, &url, "\"1\"", &json!({"full_name": "B"})).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")));
    assert_eq!(changed.data()["version"], 2);
    let before = app.customers().await;
    for tag in ["\"1\"", "\"3\"", "W/\"2\"", "\"x\""] {
        patch_if(&admin, &url, tag, &json!({"full_name": "C"}))
            .await
            .assert_failure(412, "precondition_failed");
        delete_if(&admin, &url, tag, &json!({})).await.assert_failure(412, "precondition_failed");
        let metafields = json!({"metafields": {}});
        patch_if(&admin, &format!("{url}/metafields"), tag, &metafields)
            .await
            .assert_failure(412, "precondition_failed");
    }
    for wrong in ["2", "\"2", "\"2\" \"3\"", "\"2\", *", "w/\"2\"", "\"2 3\"", "", ",", " , "] {
        let wrong = patch_if(&admin, &url, wrong, &json!({"full_name": "C"})).await;
        wrong.assert_failure(400, "validation_failed");
        assert_eq!(
            wrong.details(),
            [("If-Match", "If-Match must be * or entity tags in quotation marks (e.g., \"3\")")]
        );
    }
    assert_eq!(app.customers().await, before);
    // A patch without a change keeps the entity tag.
    let same = patch_if(&admin, &url, "\"2\", \"9\"", &json!({"full_name": "B"})).await;
    assert_eq!((same.status, same.header("etag")), (200, Some("\"2\"")));
    // Empty elements of a list are ignored (RFC 9110 5.6.1).
    for tags in [",\"2\"", "\"2\",", ", ,\"9\",, \"2\" ,"] {
        assert_eq!(patch_if(&admin, &url, tags, &json!({"full_name": "B"})).await.status, 200, "{tags}");
    }
    patch_if(&admin, &url, ", \"9\",", &json!({"full_name": "C"}))
        .await
        .assert_failure(412, "precondition_failed");
    let lines = admin
        .request(Method::PATCH, &url)
        .header("if-match", "\"9\"")
        .header("if-match", "")
        .header("if-match", "\"2\"");
    assert_eq!(admin.send(lines.json(&json!({"full_name": "B"}))).await.status, 200);
    assert_eq!(patch_if(&admin, &url, "*", &json!({"full_name": "D"})).await.header("etag"), Some("\"3\""));
    let deleted = delete_if(&admin, &url, "\"3\"", &json!({})).await;
    assert_eq!((deleted.status, deleted.header("etag")), (200, None));
    delete_if(&admin, &url, "*", &json!({})).await.assert_failure(404, "not_found");
}

/// A strong entity tag identifies the exact bytes, so such responses are not compressed.
#[apply(on_both_databases!)]
async fn responses_with_a_strong_etag_are_not_compressed(app: &TestApp) {
    let body =
        json!({"full_name": "\u{1f600}".repeat(255), "email": "a@x.io", "password": CUSTOMER_PASSWORD});
    let request =
        app.anonymous().request(Method::POST, "/api/customers").header("accept-encoding", "gzip, br");
    let response = app.anonymous().send(request.json(&body)).await;
    assert!(response.text.len() > 1024 && response.data()["version"] == 1);
    assert_eq!((response.header("etag"), response.header("content-encoding")), (Some("\"1\""), None));
}

#[apply(on_both_databases!)]
async fn own_accounts_have_entity_tags(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let me = "/api/customers/me";
    let changed = patch_if(&customer, me, "\"1\"", &json!({"full_name": "B"})).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")));
    patch_if(&customer, me, "\"1\"", &json!({"full_name": "C"}))
        .await
        .assert_failure(412, "precondition_failed");
    let metafields = format!("{me}/metafields");
    let set = patch_if(&customer, &metafields, "\"2\"", &json!({"metafields": {}})).await;
    assert_eq!((set.status, set.header("etag")), (200, Some("\"2\"")));
    let password = json!({"password": CUSTOMER_PASSWORD});
    delete_if(&customer, me, "\"1\"", &password).await.assert_failure(412, "precondition_failed");
    assert_eq!(delete_if(&customer, me, "\"2\"", &password).await.status, 200);
}

/// A change of another address can change the version too, because there is one default.
#[apply(on_both_databases!)]
async fn addresses_have_entity_tags(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let first = app.add_address(&customer.row, "US-CA", true).await;
    assert_eq!(first["version"], 1);
    let of = |address: &Value| format!("/api/customers/me/addresses/{}", address["uuid"].as_str().unwrap());
    let changed = patch_if(&customer, &of(&first), "\"1\"", &json!({"city": "Oakland"})).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")));
    let second = app.add_address(&customer.row, "US-NY", true).await;
    // It is not the default any more.
    patch_if(&customer, &of(&first), "\"2\"", &json!({"city": "Oakland"}))
        .await
        .assert_failure(412, "precondition_failed");
    let response = customer.query("{ currentCustomer { addresses { version isDefault } } }").await;
    let addresses = response.data()["currentCustomer"]["addresses"].clone();
    assert_eq!(addresses, json!([{"version": 1, "isDefault": true}, {"version": 3, "isDefault": false}]));
    delete_if(&customer, &of(&second), "\"2\"", &json!({})).await.assert_failure(412, "precondition_failed");
    assert_eq!(delete_if(&customer, &of(&second), "\"1\"", &json!({})).await.status, 200);
    let back = patch_if(&customer, &of(&first), "\"4\"", &json!({})).await;
    assert_eq!((back.status, &back.data()["is_default"]), (200, &json!(true)));
}

#[apply(on_both_databases!)]
async fn if_match_can_be_required(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_REQUIRE_IF_MATCH", "on")).await;
    let (admin, customer) = (app.admin(), app.customer("a@x.io").await);
    let address = app.add_address(&customer.row, "US-CA", true).await;
    let url = url(&customer.row);
    let address = format!("/api/customers/me/addresses/{}", address["uuid"].as_str().unwrap());
    for response in [
        admin.patch(&url, &json!({"full_name": "B"})).await,
        admin.delete(&url).await,
        admin.patch(&format!("{url}/metafields"), &json!({"metafields": {}})).await,
        customer.patch("/api/customers/me", &json!({"full_name": "B"})).await,
        customer.patch(&address, &json!({"city": "B"})).await,
        customer.delete(&address).await,
    ] {
        response.assert_failure(428, "precondition_required");
    }
    // A caller without permission receives 403 instead.
    customer.patch(&url, &json!({"full_name": "B"})).await.assert_failure(403, "forbidden");
    assert_eq!(patch_if(&admin, &url, "\"1\"", &json!({"full_name": "B"})).await.status, 200);
    assert_eq!(patch_if(&customer, &address, "*", &json!({"city": "B"})).await.status, 200);
    app.stop().await;
}

/// Several clients read a counter, add one, write it back with the version that they read, and retry after a conflict.
/// Each addition counts; without `If-Match` some would be lost. All clients read before the first one writes, so at
/// least all but one have a conflict.
async fn count(app: &TestApp, clients: usize, additions: usize) -> Result<(), TestCaseError> {
    let email = format!("{clients}-{additions}-{}@x.io", app.customers().await.len());
    let row = app.register(&email).await;
    let (url, admin) = (url(&row), app.admin());
    let (conflicts, barrier) = (AtomicUsize::new(0), Barrier::new(clients));
    let query = format!("{{ customer(id: {}) {{ version metaData }} }}", row["uuid"]);
    let add = async |is_first: bool| {
        // Bounded: each conflict means that another client has written.
        for attempt in 0..=clients * additions {
            let customer = admin.query(&query).await.data()["customer"].clone();
            let next = customer["metaData"]["counter"].as_i64().unwrap_or_default() + 1;
            let body = json!({"meta_data": {"counter": next}});
            if is_first && attempt == 0 {
                barrier.wait().await;
            }
            let tag = format!("\"{}\"", customer["version"]);
            match patch_if(&admin, &url, &tag, &body).await.status {
                200 => return true,
                412 => conflicts.fetch_add(1, Ordering::Relaxed),
                _ => return false,
            };
        }
        false
    };
    let client = async |_| {
        let mut done = true;
        for number in 0..additions {
            done &= add(number == 0).await;
        }
        done
    };
    let done = futures_util::future::join_all((0..clients).map(client)).await;
    prop_assert!(done.into_iter().all(|done| done));
    let customer = admin.query(&query).await.data()["customer"].clone();
    prop_assert_eq!(&customer["metaData"]["counter"], &json!(clients * additions));
    prop_assert_eq!(&customer["version"], &json!(1 + clients * additions));
    let conflicts = conflicts.into_inner();
    prop_assert!(conflicts >= clients - 1, "{} conflicts of {} clients", conflicts, clients);
    Ok(())
}

fn no_update_is_lost(backend: Backend) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = runtime.block_on(TestApp::start(backend));
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(2_usize..6, 1_usize..6), |(clients, additions)| {
        runtime.block_on(count(&app, clients, additions))
    });
    runtime.block_on(app.stop());
    outcome.unwrap();
}

#[test]
fn no_update_is_lost_sqlite() {
    no_update_is_lost(Backend::Sqlite);
}

#[test]
fn no_update_is_lost_postgres() {
    no_update_is_lost(Backend::Postgres);
}
