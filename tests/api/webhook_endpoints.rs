//! Webhook endpoints: validation, normalized URLs, encrypted secrets, and their maximum number.

use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{Actor, apply, on_both_databases};

const ENDPOINTS: &str = "/api/webhook-endpoints";

/// Bodies that are refused, with the field and the message of the problem.
fn invalid_bodies() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!({}), "url", "URL is required"),
        (json!({"url": 1}), "url", "URL must be a string"),
        (json!({"url": "hooks"}), "url", "URL must be an https:// URL"),
        (
            json!({"url": "http://hooks.example.com/"}),
            "url",
            "URL must start with https://; http:// is for the networks of PATRON_WEBHOOK_NETWORKS",
        ),
        (json!({"url": "https://127.0.0.1/"}), "url", "URL must not point to a private address"),
        (json!({"url": "https://a:b@hooks.example.com/"}), "url", "URL must not hold credentials"),
        (json!({"url": "https://hooks.example.com/\r\nx"}), "url", "URL must not contain control characters"),
        (json!({"url": "\thttps://hooks.example.com/"}), "url", "URL must not contain control characters"),
        (json!({"url": "https://[::ffff:0:127.0.0.1]/"}), "url", "URL must not point to a private address"),
        (
            json!({"url": format!("https://hooks.example.com/{}", "x".repeat(2048))}),
            "url",
            "URL must be at most 2048 characters",
        ),
        (
            json!({"url": "https://hooks.example.com/", "events": []}),
            "events",
            "Events must be a list of 1 to 50 strings",
        ),
        (
            json!({"url": "https://hooks.example.com/", "events": ["x"]}),
            "events",
            "\"x\" is not a valid event filter; examples: customer.created, customer.*, *",
        ),
        (
            json!({"url": "https://hooks.example.com/", "enabled": "yes"}),
            "enabled",
            "Enabled must be true or false",
        ),
    ]
}

#[apply(on_both_databases!)]
async fn endpoints_are_validated_and_secrets_encrypted(app: &TestApp) {
    let admin = app.admin();
    for (body, field, message) in invalid_bodies() {
        let response = admin.post(ENDPOINTS, &body).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [(field, message)]);
    }
    let created =
        admin.post(ENDPOINTS, &json!({"url": "https://hooks.example.com/", "description": "ERP"})).await;
    let row = created.data();
    assert_eq!((&row["events"], &row["enabled"]), (&json!(["*"]), &json!(true)));
    let url = created.header("location").unwrap().to_owned();
    let changed = admin.patch(&url, &json!({"events": ["address.*"], "description": null})).await.data();
    assert_eq!(
        (&changed["events"], &changed["description"], changed.get("secret")),
        (&json!(["address.*"]), &json!(""), None)
    );
    let read = admin
        .query("{ webhookEndpoints { uuid url description events enabled updateApi deleteApi } }")
        .await
        .data();
    assert_eq!(
        read["webhookEndpoints"],
        json!([{"uuid": row["uuid"], "url": "https://hooks.example.com/", "description": "",
        "events": ["address.*"], "enabled": true, "updateApi": url, "deleteApi": url}])
    );
    let stored = patron::entity::webhook_endpoint::Entity::find().all(app.app.db.writer()).await.unwrap();
    assert!(
        !String::from_utf8_lossy(&stored[0].secret).contains("whsec_"),
        "the database has the secret only encrypted"
    );
    assert_eq!(admin.delete(&url).await.status, 200);
    admin.delete(&url).await.assert_failure(404, "not_found");
}

#[apply(on_both_databases!)]
async fn urls_are_stored_and_returned_in_normalized_form(app: &TestApp) {
    let admin = app.admin();
    for (typed, stored) in [
        ("  https://Hooks.Example.com:443", "https://hooks.example.com/"),
        ("https:\\\\hooks.example.com\\a/../b", "https://hooks.example.com/b"),
        ("https://bücher.example/ü?q=ü", "https://xn--bcher-kva.example/%C3%BC?q=%C3%BC"),
    ] {
        let created = admin.post(ENDPOINTS, &json!({"url": typed})).await;
        assert_eq!(created.data()["url"], stored);
        let url = created.header("location").unwrap().to_owned();
        let changed = admin.patch(&url, &json!({"url": typed})).await.data();
        assert_eq!(
            (&changed["url"], &changed["updated_at"]),
            (&json!(stored), &created.data()["updated_at"]),
            "nothing changes"
        );
        admin.delete(&url).await.data();
    }
}

#[apply(on_both_databases!)]
async fn there_are_at_most_50_endpoints(app: &TestApp) {
    let admin = app.admin();
    let post = async |url: String| admin.post(ENDPOINTS, &json!({"url": url})).await;
    for number in 0..50 {
        assert_eq!(post(format!("https://hooks.example.com/{number}")).await.status, 201);
    }
    post("https://hooks.example.com/".to_owned()).await.assert_failure(409, "conflict");
}
