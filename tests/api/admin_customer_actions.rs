//! What an admin does for a customer: ending its sessions, mailing it links, downloading its data.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Customer, TestApp, apply, on_both_databases};

fn url(customer: &Customer<'_>, path: &str) -> String {
    format!("/api/customers/{}{path}", customer.row["uuid"].as_str().unwrap())
}

async fn status_of(customer: &Customer<'_>) -> u16 {
    customer.query("{ currentCustomer { uuid } }").await.status
}

async fn actions(app: &TestApp, customer: &Customer<'_>) -> Vec<Value> {
    let query =
        "query ($filter: AuditEntryFilter) { auditEntries(filter: $filter) { nodes { action actor } } }";
    let filter = json!({"filter": {"customer": customer.row["uuid"]}});
    let data = app.admin().query_with(query, filter).await.data();
    let nodes = data["auditEntries"]["nodes"].as_array().unwrap();
    let by_admin = nodes.iter().filter(|entry| entry["actor"] == "ADMIN");
    by_admin.map(|entry| entry["action"].clone()).collect()
}

#[apply(on_both_databases!)]
async fn an_admin_ends_one_or_all_sessions(app: &TestApp) {
    let first = app.customer("a@x.io").await;
    let second = app.log_in_customer(&first.row).await;
    let stranger = app.customer("b@x.io").await;
    let query = "query ($id: String) { customer(id: $id) { sessions { id } } }";
    let sessions = async |customer: &Customer<'_>| -> Vec<String> {
        let data = app.admin().query_with(query, json!({"id": customer.row["uuid"]})).await.data();
        let list = data["customer"]["sessions"].as_array().unwrap().clone();
        list.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    };
    let (own, others) = (sessions(&first).await, sessions(&stranger).await);
    assert_eq!((own.len(), others.len()), (2, 1));
    // A session of another customer, and invalid and unknown identifiers.
    for (path, message) in [
        (url(&first, &format!("/sessions/{}", others[0])), "Session not found"),
        (url(&first, "/sessions/7"), "Session not found"),
        (format!("/api/customers/{}/sessions/{}", Uuid::nil(), own[0]), "Customer not found"),
        (format!("/api/customers/7/sessions/{}", own[0]), "Customer not found"),
        (format!("/api/customers/{}/sessions", Uuid::nil()), "Customer not found"),
    ] {
        let response = app.admin().delete(&path).await;
        response.assert_failure(404, "not_found");
        assert_eq!(response.message(), message, "{path}");
    }
    let ended = app.admin().delete(&url(&first, &format!("/sessions/{}", own[0]))).await.data();
    assert_eq!(ended["id"], own[0].as_str());
    assert_eq!([status_of(&first).await, status_of(&second).await].iter().filter(|s| **s == 401).count(), 1);
    let response = app.admin().delete(&url(&first, "/sessions")).await;
    assert_eq!((response.status, response.data()), (200, json!({})));
    assert_eq!((status_of(&first).await, status_of(&second).await), (401, 401));
    assert_eq!(status_of(&stranger).await, 200);
    assert_eq!(actions(app, &first).await, ["session.revoked", "session.revoked"]);
    // Without a session it succeeds as well.
    assert_eq!(app.admin().delete(&url(&first, "/sessions")).await.status, 200);
}

#[apply(on_both_databases!)]
async fn an_admin_mails_a_verification_link(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    let path = url(&customer, "/verify-email");
    assert_eq!(app.admin().post(&path, &json!({})).await.data(), json!({}));
    let token = app.one_mail().await.token();
    app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await.data();
    let response = app.admin().post(&path, &json!({})).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "The e-mail address is already verified");
    assert_eq!(actions(app, &customer).await, ["mail.requested"]);
    let disabled = app.customer("b@x.io").await;
    app.admin().patch(&url(&disabled, ""), &json!({"status": 0})).await.data();
    let response = app.admin().post(&url(&disabled, "/verify-email"), &json!({})).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "The customer is disabled");
    let unknown = format!("/api/customers/{}/verify-email", Uuid::nil());
    app.admin().post(&unknown, &json!({})).await.assert_failure(404, "not_found");
}

#[apply(on_both_databases!)]
async fn an_admin_mails_a_link_to_set_a_password(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    let path = url(&customer, "/reset-password");
    assert_eq!(app.admin().post(&path, &json!({})).await.data(), json!({}));
    let mail = app.one_mail().await;
    assert_eq!(mail.subject, "Set a new password");
    let body = json!({"token": mail.token(), "password": "another correct horse"});
    app.anonymous().post("/api/customers/password", &body).await.data();
    app.admin().patch(&url(&customer, ""), &json!({"status": 0})).await.data();
    let response = app.admin().post(&path, &json!({})).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "The customer is disabled");
    app.admin().patch(&url(&customer, ""), &json!({"status": 1})).await.data();
    // Five mails an hour, as for everyone.
    for _ in 0..4 {
        app.admin().post(&path, &json!({})).await.data();
    }
    app.admin().post(&path, &json!({})).await.assert_failure(429, "rate_limited");
}

#[apply(on_both_databases!)]
async fn an_admin_downloads_the_document_of_the_customer(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.add_address(&customer.row, "US-CA", true).await;
    for (key, visible) in [("open", true), ("hidden", false)] {
        let definition = json!({
            "ownerType": "customer", "fieldKey": key, "name": key, "fieldType": "integer", "visibleToCustomer": visible,
        });
        app.admin().post("/api/metafield-definitions", &definition).await.data();
    }
    let values = json!({"metafields": {"custom": {"open": 1, "hidden": 2}}});
    app.admin().patch(&url(&customer, "/metafields"), &values).await.data();
    let own = customer.get("/api/customers/me/export").await;
    let download = app.admin().get(&url(&customer, "/export")).await;
    assert_eq!((download.status, download.data()), (200, own.data()));
    assert_eq!(download.data()["metafields"], json!({"custom": {"open": 1}}));
    assert_eq!(download.header("content-disposition"), Some("attachment; filename=\"customer.json\""));
    assert_eq!(download.header("cache-control"), Some("no-store"));
    assert!(actions(app, &customer).await.contains(&json!("export.created")));
    app.admin().get("/api/customers/7/export").await.assert_failure(404, "not_found");
    customer.get(&url(&customer, "/export")).await.assert_failure(403, "forbidden");
}
