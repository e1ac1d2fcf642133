//! `PATCH /api/customers/{uuid}`.

use chrono::TimeDelta;
use patron::crypto::password_hasher::Lane;
use serde_json::{Value, json};

use crate::support::{Actor, Customer, apply, on_both_databases};

fn url(row: &Value) -> String {
    format!("/api/customers/{}", row["uuid"].as_str().unwrap())
}

#[apply(on_both_databases!)]
async fn the_documented_example_works(app: &TestApp) {
    let row = app.register("john.smith@example.com").await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let response = app.admin().patch(&url(&row), &json!({"full_name": "John A. Smith"})).await;
    assert_eq!(response.status, 200);
    let mut expected = row.clone();
    expected["full_name"] = "John A. Smith".into();
    expected["updated_at"] = "2026-01-02T03:04:06.678Z".into();
    expected["version"] = 2.into();
    assert_eq!(response.data(), expected);
}

#[apply(on_both_databases!)]
async fn an_admin_sets_every_field(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let patch = json!({"status": "0", "full_name": "B", "email": "b@x.io", "password": "another good one", "meta_data": {"tags": ["x"]}});
    let changed = app.admin().patch(&url(&row), &patch).await.data();
    assert_eq!(
        (&changed["status"], &changed["full_name"], &changed["email"]),
        (&json!(0), &json!("B"), &json!("b@x.io"))
    );
    let stored = app.customers().await.pop().unwrap();
    assert_eq!(stored.meta_data, json!({"tags": ["x"]}));
    assert!(
        app.app
            .hasher
            .verify(
                &patron::db::BackgroundJob,
                Lane::System,
                &"another good one".into(),
                Some(&stored.password)
            )
            .await
            .unwrap()
            .verdict
            .is_match()
    );
    app.admin().patch(&url(&row), &json!({"meta_data": null, "group_id": null})).await.data();
    let stored = app.customers().await.pop().unwrap();
    assert_eq!((stored.meta_data, stored.group_id), (json!({}), Some(1)));
}

#[apply(on_both_databases!)]
async fn patches_without_changes_have_no_effect(app: &TestApp) {
    let row = app.register("John@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let before = app.customers().await;
    for patch in [
        json!({}),
        json!({"full_name": row["full_name"], "email": row["email"], "status": 1, "group_id": 1}),
        json!({"unknown": 1, "customer_id": 5, "uuid": "x", "created_at": null, "updated_at": null, "version": 7}),
    ] {
        let response = app.admin().patch(&url(&row), &patch).await;
        assert_eq!((response.status, response.data()), (200, row.clone()), "{patch}");
    }
    assert_eq!(app.customers().await, before);
}

/// Numbers are compared by value, not by notation.
#[apply(on_both_databases!)]
async fn equal_meta_data_is_not_a_change(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let meta_data = json!({"a": 100.0, "b": [1.5, -0.0, 1e300, 12_345_678_901_234_567_890_u64], "c": "ü"});
    assert_eq!(app.admin().patch(&url(&row), &json!({"meta_data": meta_data})).await.data()["version"], 2);
    assert_eq!(app.admin().patch(&url(&row), &json!({"meta_data": meta_data})).await.data()["version"], 2);
}

/// Also if two changes have the same millisecond.
#[apply(on_both_databases!)]
async fn updated_at_increases_with_every_change(app: &TestApp) {
    let mut last = app.register("a@x.io").await;
    for name in ["B", "C", "D"] {
        let next = app.admin().patch(&url(&last), &json!({"full_name": name})).await.data();
        assert!(next["updated_at"].as_str() > last["updated_at"].as_str(), "{next} after {last}");
        assert_eq!(next["version"].as_i64(), last["version"].as_i64().map(|version| version + 1));
        last = next;
    }
}

#[apply(on_both_databases!)]
async fn an_email_of_another_customer_is_refused(app: &TestApp) {
    app.register("a@x.io").await;
    let row = app.register("b@x.io").await;
    let before = app.customers().await;
    let response = app.admin().patch(&url(&row), &json!({"email": "A@X.IO", "full_name": "Other"})).await;
    response.assert_failure(409, "email_taken");
    assert_eq!(app.customers().await, before);
    assert_eq!(app.admin().patch(&url(&row), &json!({"email": "B@x.io"})).await.data()["email"], "B@x.io");
}

#[apply(on_both_databases!)]
async fn a_uuid_is_accepted_with_or_without_hyphens(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let uuid = row["uuid"].as_str().unwrap();
    for spelling in [uuid.replace('-', ""), uuid.to_uppercase()] {
        let response = app.admin().patch(&format!("/api/customers/{spelling}"), &json!({})).await;
        assert_eq!(response.data()["uuid"], uuid);
    }
}

#[apply(on_both_databases!)]
async fn an_unknown_group_is_refused(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let response = app.admin().patch(&url(&row), &json!({"group_id": 999})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details(), [("group_id", "Group does not exist")]);
}

/// Disabling an account and setting a password revoke all its tokens.
#[apply(on_both_databases!)]
async fn a_change_of_status_or_password_ends_the_customers_tokens(app: &TestApp) {
    for patch in [json!({"password": "another good one"}), json!({"status": 0})] {
        let customer = app.customer(&format!("{}@x.io", app.customers().await.len())).await;
        assert_eq!(
            customer.query("{currentCustomer{uuid}}").await.data()["currentCustomer"]["uuid"],
            customer.row["uuid"]
        );
        app.admin().patch(&url(&customer.row), &patch).await.data();
        assert_eq!(customer.query("{currentCustomer{uuid}}").await.status, 401, "{patch}");
    }
    // Enabling the account does not restore them.
    let row = app.register("again@x.io").await;
    let (customer, evershop) = (app.log_in_customer(&row).await, Customer::with_evershop_token(app, &row));
    assert_eq!(
        evershop.query("{currentCustomer{uuid}}").await.data()["currentCustomer"]["uuid"],
        row["uuid"]
    );
    app.admin().patch(&url(&row), &json!({"status": 0})).await.data();
    app.admin().patch(&url(&row), &json!({"status": 1})).await.data();
    for customer in [customer, evershop] {
        assert_eq!(customer.query("{currentCustomer{uuid}}").await.status, 401);
    }
}
