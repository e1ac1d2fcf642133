//! A customer changes, exports and deletes its own account.

use chrono::TimeDelta;
use patron::entity::{customer_address, customer_session, mail};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, NOW, apply, on_both_databases};

const ME: &str = "/api/customers/me";

#[apply(on_both_databases!)]
async fn a_customer_changes_its_name(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let response = customer.patch(ME, &json!({"full_name": "Jane", "status": 0, "group_id": 9, "meta_data": {"a": 1}, "password": "another good one", "uuid": "x"})).await;
    assert_eq!(
        response.text,
        format!(
            r#"{{"data":{{"customer_id":1,"uuid":{},"status":1,"group_id":1,"email":"a@x.io","full_name":"Jane","created_at":"{NOW}","updated_at":"2026-01-02T03:04:06.678Z","version":2,"links":[{{"rel":"self","href":"/api/customers/me","action":"PATCH","types":["application/json"]}}]}}}}"#,
            customer.row["uuid"]
        )
    );
    let stored = app.customers().await.remove(0);
    assert_eq!(stored.meta_data, json!({}));
    app.log_in_customer(&customer.row).await;
    let api = customer.query("{ currentCustomer { updateProfileApi } }").await.data();
    assert_eq!(api["currentCustomer"]["updateProfileApi"], ME);
    let api = app.admin().query("{ customers { items { updateProfileApi } } }").await.data();
    assert_eq!(api["customers"]["items"][0]["updateProfileApi"], format!("/api/customers/{}", stored.uuid));
}

#[apply(on_both_databases!)]
async fn patches_without_valid_fields_are_refused(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let before = app.customers().await;
    for body in [json!({}), json!({"password": "another good one"}), json!({"status": 1, "unknown": 1})] {
        let response = customer.patch(ME, &body).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.message(), "There is nothing to update");
    }
    let response = customer.patch(ME, &json!({"full_name": "", "email": "x"})).await;
    assert_eq!(
        response.details(),
        [
            ("full_name", "Full name is required and cannot be empty"),
            ("email", "Email must be a valid email address (e.g., user@example.com)")
        ]
    );
    for (field, message) in [("full_name", "Full name must be a string"), ("email", "Email must be a string")]
    {
        assert_eq!(customer.patch(ME, &json!({field: null})).await.details(), [(field, message)]);
    }
    assert_eq!(
        customer.patch(ME, &json!({"full_name": "John Smith"})).await.data()["version"],
        1,
        "nothing changes"
    );
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn the_export_has_all_personal_data(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.add_address(&customer.row, "US-CA", true).await;
    let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"meta_data": {"note": "pays late"}})).await.data();
    for (key, visible) in [("tier", true), ("risk", false)] {
        let body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": "short_text", "visibleToCustomer": visible});
        assert_eq!(app.admin().post("/api/metafield-definitions", &body).await.status, 201);
    }
    let fields = json!({"metafields": {"custom": {"tier": "gold", "risk": "high risk"}}});
    app.admin().patch(&format!("{url}/metafields"), &fields).await.data();
    app.deliver_mails().await;
    customer.patch(ME, &json!({"email": "b@x.io"})).await.data();
    let other = app.customer("c@x.io").await;
    let response = customer.get("/api/customers/me/export").await;
    assert_eq!(response.header("content-disposition"), Some("attachment; filename=\"customer.json\""));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let data = response.data();
    assert_eq!(
        (&data["customer"]["email"], &data["pending_email"], &data["group_name"]),
        (&json!("a@x.io"), &json!("b@x.io"), &json!("Default"))
    );
    assert_eq!(data["metafields"], json!({"custom": {"tier": "gold"}}));
    assert_eq!(data["addresses"][0]["city"], "San Francisco");
    assert_eq!(
        (data["sessions"].as_array().unwrap().len(), &data["sessions"][0]["address"]),
        (1, &json!("127.0.0.1"))
    );
    assert_eq!(
        data["mails"],
        json!([
            {"kind": "verify_email", "recipient": "a@x.io", "status": "sent", "created_at": NOW, "sent_at": NOW},
            {"kind": "email_change_requested", "recipient": "a@x.io", "status": "pending", "created_at": NOW, "sent_at": null},
            {"kind": "verify_email", "recipient": "b@x.io", "status": "pending", "created_at": NOW, "sent_at": null},
        ])
    );
    for secret in [
        "argon2",
        "pays late",
        "high risk",
        "c@x.io",
        other.row["uuid"].as_str().unwrap(),
        &customer.refresh_token,
    ] {
        assert!(!response.text.contains(secret), "{secret}");
    }
}

#[apply(on_both_databases!)]
async fn a_customer_deletes_its_account(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let other = app.customer("b@x.io").await;
    app.add_address(&customer.row, "US-CA", true).await;
    for (password, message) in
        [(Value::Null, "Password must be a string"), (json!("wrong wrong"), "Password is incorrect")]
    {
        let response = app
            .anonymous()
            .send(customer.request(reqwest::Method::DELETE, ME).json(&json!({"password": password})))
            .await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [("password", message)]);
    }
    customer.delete(ME).await.assert_failure(415, "unsupported_media_type");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.customers().await.len(), 2);
    let request = customer.request(reqwest::Method::DELETE, ME).json(&json!({"password": CUSTOMER_PASSWORD}));
    let row = app.anonymous().send(request).await.data();
    assert_eq!((&row["email"], &row["links"]), (&json!("a@x.io"), &Value::Null));
    assert_eq!(customer.query("{ __typename }").await.status, 401);
    assert_eq!(other.query("{ currentCustomer { uuid } }").await.status, 200);
    let db = app.app.db.writer();
    assert_eq!(app.customers().await.len(), 1);
    assert_eq!(customer_address::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(customer_session::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(mail::Entity::find().count(db).await.unwrap(), 1, "pending mail of the account is deleted");
    app.register("a@x.io").await;
}
