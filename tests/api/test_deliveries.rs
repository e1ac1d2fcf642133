//! Test events of webhook endpoints.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Receiver, TestApp, WebhookReply, apply, on_both_databases};

fn url(endpoint: &Value, action: &str) -> String {
    format!("/api/webhook-endpoints/{}{action}", endpoint["uuid"].as_str().unwrap())
}

/// The deliveries, the latest first.
async fn deliveries(app: &TestApp) -> Vec<Value> {
    let query = "{ webhookDeliveries { nodes { uuid status responseStatus endpoint { uuid } event { type customer sequence data } } } }";
    app.admin().query(query).await.data()["webhookDeliveries"]["nodes"].as_array().unwrap().clone()
}

/// The event goes to its endpoint whatever the filters, signed like any other, and to no other endpoint.
#[apply(on_both_databases!)]
async fn a_test_event_is_sent_to_one_endpoint(app: &TestApp) {
    let (app, tested, other) = (app.with_webhooks().await, Receiver::start().await, Receiver::start().await);
    let endpoint = app.add_endpoint(&tested.url, &["group.created"]).await;
    app.add_endpoint(&other.url, &["*"]).await;
    app.deliver_webhooks().await;
    other.take();
    let sent = app.admin().post(&url(&endpoint, "/test"), &json!({})).await;
    assert_eq!((sent.status, &sent.data()["status"]), (200, &json!("pending")));
    app.deliver_webhooks().await;
    let received = tested.take();
    assert_eq!(received.len(), 1, "{received:?}");
    let secret = endpoint["secret"].as_str().unwrap();
    assert!(received[0].is_signed_with(secret), "{received:?}");
    assert_eq!(received[0].kind(), ("webhook.test", None));
    assert_eq!(
        (&received[0].body["data"], &received[0].body["customer"], &received[0].body["fields"]),
        (&json!({"uuid": endpoint["uuid"]}), &Value::Null, &json!([]))
    );
    assert_eq!(received[0].header("webhook-id"), received[0].body["id"].as_str().unwrap());
    assert!(other.take().is_empty(), "the other endpoint receives all events, but no tests of others");
    let log = deliveries(&app).await;
    assert_eq!((&log[0]["uuid"], &log[0]["status"]), (&sent.data()["uuid"], &json!("DELIVERED")));
    assert_eq!((&log[0]["endpoint"]["uuid"], &log[0]["responseStatus"]), (&endpoint["uuid"], &json!(204)));
    // It is in the feed and in the audit trail.
    let query = "{ events(types: [\"webhook.test\"]) { nodes { id type } } auditEntries(filter: {actions: [\"webhook.*\"]}) { nodes { actor record } } }";
    let data = app.admin().query(query).await.data();
    assert_eq!(data["events"]["nodes"], json!([{"id": received[0].body["id"], "type": "webhook.test"}]));
    assert_eq!(data["auditEntries"]["nodes"], json!([{"actor": "ADMIN", "record": endpoint["uuid"]}]));
    tested.stop();
    other.stop();
    app.stop().await;
}

/// A test does not wait for the events of customers, is retried, and can be repeated.
#[apply(on_both_databases!)]
async fn a_failed_test_shows_its_outcome(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.publish().await;
    let endpoint = app.add_endpoint(&receiver.url, &["customer.created"]).await;
    receiver.reply_with([WebhookReply::Status(500), WebhookReply::Status(503)]);
    app.register("a@x.io").await;
    app.deliver_webhooks().await;
    app.admin().post(&url(&endpoint, "/test"), &json!({})).await.data();
    app.deliver_webhooks().await;
    let kinds: Vec<_> = receiver.take().iter().map(|received| received.kind().0.to_owned()).collect();
    assert_eq!(kinds, ["customer.created", "webhook.test"]);
    let log = deliveries(&app).await;
    assert_eq!((&log[0]["status"], &log[0]["responseStatus"]), (&json!("PENDING"), &json!(503)));
    app.admin().post(&url(&endpoint, "/test"), &json!({})).await.data();
    app.deliver_webhooks().await;
    assert_eq!(deliveries(&app).await[0]["status"], "DELIVERED");
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn a_disabled_endpoint_is_not_tested(app: &TestApp) {
    let body = json!({"url": "https://hooks.example.com/", "enabled": false});
    let endpoint = app.admin().post("/api/webhook-endpoints", &body).await.data();
    let refused = app.admin().post(&url(&endpoint, "/test"), &json!({})).await;
    refused.assert_failure(409, "conflict");
    assert_eq!(refused.message(), "The webhook endpoint is disabled");
    let unknown = format!("/api/webhook-endpoints/{}/test", Uuid::nil());
    app.admin().post(&unknown, &json!({})).await.assert_failure(404, "not_found");
    assert!(deliveries(app).await.is_empty());
    // One request with an idempotency key is one test.
    app.admin().patch(&url(&endpoint, ""), &json!({"enabled": true})).await.data();
    let admin = app.admin();
    let request = admin.request(reqwest::Method::POST, &url(&endpoint, "/test"));
    let request = request.header("idempotency-key", "test-1").json(&json!({}));
    let first = admin.send(request.try_clone().unwrap()).await.data();
    assert_eq!((admin.send(request).await.data(), deliveries(app).await.len()), (first, 1));
}
