//! Saved views: each admin has its own, at most 50.

use patron::app::ctx::AdminCtx;
use patron::service::admin;
use patron::types::{EmailAddress, Password};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, TestApp, apply, on_both_databases};

const VIEWS: &str = "{ savedViews { uuid name query createdAt updatedAt updateApi deleteApi } }";

async fn views(actor: &impl Actor) -> Vec<Value> {
    actor.query(VIEWS).await.data()["savedViews"].as_array().unwrap().clone()
}

fn view(name: &str) -> Value {
    json!({"name": name, "query": "filter=%7B%7D"})
}

/// Sends a request with the token of another admin.
async fn as_other_admin(
    app: &TestApp,
    method: reqwest::Method,
    path: &str,
    body: Value,
) -> crate::support::TestResponse {
    let ctx = AdminCtx::system(app.app.clone());
    let email = EmailAddress::parse_local("other@localhost").unwrap();
    let password = Password::new("other correct horse".into()).unwrap();
    // It exists from the second call on.
    let _created = admin::create(&ctx, email, "Other".to_owned(), &password).await;
    let pair = app.admin_tokens("other@localhost", "other correct horse").await;
    let request = app.anonymous().request(method, path).bearer_auth(pair["accessToken"].as_str().unwrap());
    app.anonymous().send(request.json(&body)).await
}

#[apply(on_both_databases!)]
async fn views_are_saved_changed_and_deleted(app: &TestApp) {
    let admin = app.admin();
    assert!(views(&admin).await.is_empty());
    let created = admin.post("/api/views", &view("B")).await;
    let uuid = created.data()["uuid"].as_str().unwrap().to_owned();
    let url = format!("/api/views/{uuid}");
    assert_eq!((created.status, created.header("location")), (201, Some(url.as_str())));
    admin.post("/api/views", &view("A")).await.data();
    let list = views(&admin).await;
    assert_eq!(list.iter().map(|view| view["name"].clone()).collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!((&list[1]["updateApi"], &list[1]["deleteApi"]), (&json!(url), &json!(url)));
    assert_eq!(list[1]["query"], "filter=%7B%7D");
    // Nothing changes.
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
    for body in [json!({}), json!({"name": "B"})] {
        assert_eq!(admin.patch(&url, &body).await.data()["updated_at"], list[1]["updatedAt"]);
    }
    let changed = admin.patch(&url, &json!({"query": ""})).await.data();
    assert_eq!((&changed["name"], &changed["query"]), (&json!("B"), &json!("")));
    assert_ne!(changed["updated_at"], list[1]["updatedAt"]);
    admin.delete(&url).await.data();
    admin.delete(&url).await.assert_failure(404, "not_found");
    assert_eq!(views(&admin).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn a_view_belongs_to_its_admin(app: &TestApp) {
    let uuid = app.admin().post("/api/views", &view("Mine")).await.data()["uuid"].clone();
    let url = format!("/api/views/{}", uuid.as_str().unwrap());
    for method in [reqwest::Method::PATCH, reqwest::Method::DELETE] {
        let response = as_other_admin(app, method, &url, json!({"name": "Yours"})).await;
        response.assert_failure(404, "not_found");
        assert_eq!(response.message(), "Saved view not found");
    }
    let body = json!({"query": VIEWS});
    let others = as_other_admin(app, reqwest::Method::POST, "/api/graphql", body).await;
    assert_eq!(others.data()["savedViews"], json!([]));
    assert_eq!(views(&app.admin()).await[0]["name"], "Mine");
}

#[apply(on_both_databases!)]
async fn bad_input_is_refused(app: &TestApp) {
    let admin = app.admin();
    let long = "x".repeat(2049);
    for (body, field, message) in [
        (json!({"query": ""}), "name", "Name is required and cannot be empty"),
        (json!({"name": " ", "query": ""}), "name", "Name is required and cannot be empty"),
        (json!({"name": "x".repeat(101), "query": ""}), "name", "Name must be at most 100 characters"),
        (json!({"name": 1, "query": ""}), "name", "Name must be a string"),
        (json!({"name": "a\u{0}b", "query": ""}), "name", "Name must not contain control characters"),
        (json!({"name": "a"}), "query", "Query is required"),
        (json!({"name": "a", "query": null}), "query", "Query must be a string"),
        (json!({"name": "a", "query": long}), "query", "Query must be at most 2048 characters"),
    ] {
        let response = admin.post("/api/views", &body).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [(field, message)], "{body}");
    }
    // Emoji count as characters; names in any script are fine.
    for name in ["😀".repeat(100), "عملاء معطلون".to_owned()] {
        assert_eq!(admin.post("/api/views", &view(&name)).await.data()["name"], name);
    }
    let unknown = format!("/api/views/{}", Uuid::nil());
    admin.patch(&unknown, &json!({})).await.assert_failure(404, "not_found");
    admin.patch("/api/views/7", &json!({})).await.assert_failure(404, "not_found");
}

#[apply(on_both_databases!)]
async fn an_admin_has_at_most_fifty_views(app: &TestApp) {
    let admin = app.admin();
    // Some of them at the same time.
    let create =
        async |number: usize| admin.post("/api/views", &view(&format!("View {number}"))).await.status;
    let statuses = futures_util::future::join_all((0..55).map(create)).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 50, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 5, "{statuses:?}");
    let response = admin.post("/api/views", &view("one more")).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "An admin has at most 50 saved views");
    assert_eq!(views(&admin).await.len(), 50);
}
