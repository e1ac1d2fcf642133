//! Webhooks: subscriptions, order, retries, signatures, dead letters and refused addresses.

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::clock::Clock;
use patron::entity::webhook_delivery;
use patron::service::housekeeping;
use patron::types::DeliveryStatus;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Actor, Receiver, TestApp, WebhookReply, apply, on_both_databases};

const LOG: &str = "query ($status: WebhookDeliveryStatus, $endpoint: String, $customer: String) {
    webhookDeliveries(status: $status, endpoint: $endpoint, customer: $customer, first: 100) {
        nodes { uuid status attempts responseStatus durationMs lastError nextAttemptAt deliveredAt replayApi
            endpoint { uuid url } event { type sequence } } } }";

async fn log(app: &TestApp, variables: Value) -> Vec<Value> {
    let response = app.log_in_admin().await.query_with(LOG, variables).await;
    response.data()["webhookDeliveries"]["nodes"].as_array().unwrap().clone()
}

async fn count_dead_letters(app: &TestApp) -> u64 {
    let is_dead_letter = webhook_delivery::Column::Status.eq(DeliveryStatus::DeadLetter);
    webhook_delivery::Entity::find().filter(is_dead_letter).count(app.app.db.writer()).await.unwrap()
}

async fn rename(app: &TestApp, row: &Value, name: &str) {
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.log_in_admin().await.patch(&url, &json!({"full_name": name})).await.data();
}

#[apply(on_both_databases!)]
async fn endpoints_receive_their_event_types(app: &TestApp) {
    let (app, all, selected) = (app.with_webhooks().await, Receiver::start().await, Receiver::start().await);
    app.publish().await;
    let endpoint = app.add_endpoint(&all.url, &["*"]).await;
    app.add_endpoint(&selected.url, &["customer.updated", "group.*"]).await;
    let row = app.register("a@x.io").await;
    rename(&app, &row, "Jane").await;
    app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    app.deliver_webhooks().await;
    let received = all.take();
    let kinds: Vec<_> = received.iter().map(|received| received.kind().0.to_owned()).collect();
    for kind in ["webhook_endpoint.created", "customer.created", "customer.updated", "group.created"] {
        assert_eq!(
            kinds.iter().filter(|one| *one == kind).count(),
            if kind.starts_with("web") { 2 } else { 1 },
            "{kinds:?}"
        );
    }
    let created = received.iter().find(|received| received.kind().0 == "customer.created").unwrap();
    assert_eq!(created.header("content-type"), "application/json");
    assert_eq!(created.header("webhook-id"), created.body["id"].as_str().unwrap());
    assert_eq!(created.header("webhook-timestamp"), app.now().timestamp().to_string());
    assert_eq!((&created.body["customer"], &created.body["version"]), (&row["uuid"], &json!(2)));
    assert_eq!(
        (&created.body["data"]["email"], &created.body["timestamp"]),
        (&json!("a@x.io"), &row["created_at"])
    );
    assert!(received.iter().all(|received| received.is_signed_with(endpoint["secret"].as_str().unwrap())));
    assert!(
        !received.iter().any(|received| received.text.contains("argon2") || received.text.contains("whsec_"))
    );
    let mut kinds: Vec<_> = selected.take().iter().map(|received| received.kind().0.to_owned()).collect();
    kinds.sort();
    assert_eq!(kinds, ["customer.updated", "group.created"]);
    assert_eq!(app.deliver_webhooks().await, 0, "delivered events are not sent again");
    let log = log(&app, json!({"status": "DELIVERED", "customer": row["uuid"]})).await;
    assert_eq!(log.len(), 3);
    assert_eq!((&log[0]["attempts"], &log[0]["responseStatus"]), (&json!(1), &json!(204)));
    all.stop();
    selected.stop();
    app.stop().await;
}

/// A failed delivery is retried with growing delays. Further events of the same customer wait for it, those of other
/// customers don't.
#[apply(on_both_databases!)]
async fn events_of_a_customer_are_delivered_in_order(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.publish().await;
    app.add_endpoint(&receiver.url, &["customer.*"]).await;
    let (one, other) = (app.register("a@x.io").await, app.register("b@x.io").await);
    rename(&app, &one, "Jane").await;
    rename(&app, &one, "Joan").await;
    receiver.reply_with([WebhookReply::Status(500)]);
    app.deliver_webhooks().await;
    let received = receiver.take();
    let of = |row: &Value| {
        received
            .iter()
            .filter(|one| one.body["customer"] == row["uuid"])
            .map(|one| one.kind().1.unwrap())
            .collect::<Vec<_>>()
    };
    // The first delivery failed, for one of the customers; only its further events wait.
    let (blocked, unblocked) = if of(&one).len() == 1 { (&one, &other) } else { (&other, &one) };
    assert_eq!(of(blocked), [1]);
    assert_eq!(of(unblocked), if unblocked == &one { vec![1, 2, 3] } else { vec![1] });
    let pending = log(&app, json!({"status": "PENDING", "customer": blocked["uuid"]})).await;
    let failed = pending.last().unwrap();
    assert_eq!((&failed["attempts"], &failed["lastError"]), (&json!(1), &json!("response status 500")));
    // The first delay is five seconds with a jitter of up to a fifth.
    app.app.clock.advance(TimeDelta::milliseconds(3999));
    assert_eq!(app.deliver_webhooks().await, 0);
    app.app.clock.advance(TimeDelta::milliseconds(2001));
    app.deliver_webhooks().await;
    let received: Vec<_> = receiver.take().iter().map(|one| one.kind().1.unwrap()).collect();
    assert_eq!(received, if blocked == &one { vec![1, 2, 3] } else { vec![1] });
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn dead_letters_can_be_replayed(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.publish().await;
    let endpoint = app.add_endpoint(&receiver.url, &["customer.*"]).await;
    let row = app.register("a@x.io").await;
    rename(&app, &row, "Jane").await;
    receiver.reply_with(std::iter::repeat_n(WebhookReply::Status(503), 40));
    let (start, mut attempts) = (app.now(), 0);
    for _ in 0..1000 {
        attempts += app.deliver_webhooks().await;
        if count_dead_letters(&app).await > 0 {
            break;
        }
        app.app.clock.advance(TimeDelta::minutes(30));
    }
    let elapsed = app.now() - start;
    assert!(
        (TimeDelta::days(2)..=TimeDelta::days(3)).contains(&elapsed) && (10..20).contains(&attempts),
        "{elapsed} {attempts}"
    );
    let dead_letters = log(&app, json!({"status": "PARKED"})).await;
    assert_eq!((dead_letters.len(), &dead_letters[0]["event"]["type"]), (1, &json!("customer.created")));
    let sequences: Vec<_> = receiver.take().iter().map(|one| one.kind().1.unwrap()).collect();
    assert!(sequences.is_sorted() && sequences[attempts - 2] == 1, "the second event waited: {sequences:?}");
    // The next event is delivered; the dead letter waits for a replay.
    receiver.reset_replies();
    let admin = app.log_in_admin().await;
    let url = format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap());
    assert_eq!(admin.post(&format!("{url}/replay"), &json!({})).await.data()["count"], 1);
    assert_eq!(admin.post(&format!("{url}/replay"), &json!({})).await.data()["count"], 0);
    for _ in 0..100 {
        app.deliver_webhooks().await;
        app.app.clock.advance(TimeDelta::hours(15));
        if log(&app, json!({"status": "DELIVERED"})).await.len() == 2 {
            break;
        }
    }
    assert_eq!(log(&app, json!({"status": "DELIVERED"})).await.len(), 2);
    receiver.take();
    let admin = app.log_in_admin().await;
    assert_eq!(
        admin.post(dead_letters[0]["replayApi"].as_str().unwrap(), &json!({})).await.data()["status"],
        "pending"
    );
    app.deliver_webhooks().await;
    assert_eq!(
        receiver.take().iter().map(|one| one.kind()).collect::<Vec<_>>(),
        [("customer.created", Some(1))]
    );
    let unknown = "/api/webhook-deliveries/00000000-0000-4000-8000-000000000000/replay";
    admin.post(unknown, &json!({})).await.assert_failure(404, "not_found");
    app.app.clock.advance(TimeDelta::days(31));
    housekeeping::run_once(&AdminCtx::system(app.app.clone())).await.unwrap();
    assert_eq!(log(&app, json!({})).await.len(), 0, "the log is kept for a month");
    receiver.stop();
    app.stop().await;
}

/// The library refuses webhooks that are older than five minutes, so the server uses the machine's clock in this test.
#[apply(on_both_databases!)]
async fn the_official_library_accepts_the_signature(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.app.clock.advance(Clock::System.now() - app.now());
    app.publish().await;
    let endpoint = app.add_endpoint(&receiver.url, &["customer.created"]).await;
    app.register("žofie@x.io").await;
    app.deliver_webhooks().await;
    let mut received = receiver.take().remove(0);
    let secret = endpoint["secret"].as_str().unwrap();
    received.verify(secret).unwrap();
    received.text.push(' ');
    assert!(received.verify(secret).is_err(), "another body");
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn secrets_rotate_with_overlap(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.publish().await;
    let endpoint = app.add_endpoint(&receiver.url, &["customer.created"]).await;
    let url = format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap());
    let first = endpoint["secret"].as_str().unwrap().to_owned();
    let signed_with = async |email: &str, secrets: &[&str]| -> Vec<bool> {
        app.register(email).await;
        app.deliver_webhooks().await;
        let received = receiver.take();
        secrets.iter().map(|secret| received[0].is_signed_with(secret)).collect()
    };
    assert_eq!(signed_with("a@x.io", &[&first]).await, [true]);
    let rotated = app.admin().post(&format!("{url}/secret"), &json!({"overlap_seconds": 60})).await;
    assert_eq!(rotated.header("cache-control"), Some("no-store"));
    let second = rotated.data()["secret"].as_str().unwrap().to_owned();
    assert_eq!(signed_with("b@x.io", &[&first, &second]).await, [true, true]);
    app.app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(signed_with("c@x.io", &[&first, &second]).await, [false, true]);
    for wrong in [json!(-1), json!(604_801), json!("60"), json!(1.5)] {
        let response = app.admin().post(&format!("{url}/secret"), &json!({"overlap_seconds": wrong})).await;
        response.assert_failure(400, "validation_failed");
    }
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn failing_receivers_do_not_affect_others(app: &TestApp) {
    let (app, receiver, elsewhere) =
        (app.with_webhooks().await, Receiver::start().await, Receiver::start().await);
    app.publish().await;
    let endpoint = app.add_endpoint(&receiver.url, &["customer.created"]).await;
    let quick = app.add_endpoint(&elsewhere.url, &["group.created"]).await;
    receiver.reply_with([
        WebhookReply::Hang,
        WebhookReply::StatusWithHeader(307, "location", elsewhere.url.clone()),
        WebhookReply::StatusWithHeader(429, "retry-after", "900".into()),
        WebhookReply::Status(410),
    ]);
    let row = app.register("a@x.io").await;
    app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    app.deliver_webhooks().await;
    assert_eq!(elsewhere.take().len(), 1, "a receiver that hangs does not delay others");
    let of = json!({"customer": row["uuid"]});
    let last = async || log(&app, of.clone()).await.remove(0);
    assert_eq!(last().await["lastError"], "timed out: operation timed out");
    app.app.clock.advance(TimeDelta::minutes(1));
    app.deliver_webhooks().await;
    assert_eq!(
        (&last().await["lastError"], elsewhere.take().len()),
        (&json!("response status 307"), 0),
        "no redirect is followed"
    );
    app.app.clock.advance(TimeDelta::minutes(1));
    app.deliver_webhooks().await;
    app.app.clock.advance(TimeDelta::minutes(14));
    assert_eq!(app.deliver_webhooks().await, 0, "Retry-After was 15 minutes");
    app.app.clock.advance(TimeDelta::minutes(1));
    app.deliver_webhooks().await;
    assert_eq!(last().await["responseStatus"], 410);
    let endpoints = app.log_in_admin().await.query("{ webhookEndpoints { uuid enabled } }").await.data();
    assert_eq!(
        endpoints["webhookEndpoints"],
        json!([
            {"uuid": endpoint["uuid"], "enabled": false}, {"uuid": quick["uuid"], "enabled": true},
        ])
    );
    // A disabled endpoint receives nothing. Its pending deliveries continue when it is enabled again.
    app.app.clock.advance(TimeDelta::days(1));
    assert_eq!(app.deliver_webhooks().await, 0);
    let url = format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap());
    app.log_in_admin().await.patch(&url, &json!({"enabled": true})).await.data();
    app.deliver_webhooks().await;
    assert_eq!(last().await["status"], "DELIVERED");
    receiver.stop();
    elsewhere.stop();
    app.stop().await;
}

/// If a worker dies after it claimed a delivery, the delivery is sent when the lease has expired.
#[apply(on_both_databases!)]
async fn a_delivery_is_sent_after_its_worker_died(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    app.publish().await;
    app.add_endpoint(&receiver.url, &["customer.created"]).await;
    app.register("a@x.io").await;
    app.publish().await;
    let ctx = AdminCtx::system(app.app.clone());
    let endpoints = patron::service::webhook::endpoints_with_work(&ctx).await.unwrap();
    assert_eq!(patron::service::webhook::claim(&ctx, endpoints[0]).await.unwrap().len(), 1);
    assert_eq!(app.deliver_webhooks().await, 0, "the lease has not expired");
    app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!((app.deliver_webhooks().await, receiver.take().len()), (1, 1));
    receiver.stop();
    app.stop().await;
}

/// The addresses of a name are checked after each resolution, at each attempt, so `localhost` is refused.
#[apply(on_both_databases!)]
async fn names_that_resolve_to_private_addresses_are_refused(app: &TestApp) {
    let (listening, row) = (Receiver::start().await, json!({}));
    app.publish().await;
    let port = listening.url.split(':').nth(2).unwrap().to_owned();
    app.add_endpoint(&format!("https://localhost:{port}"), &["customer.created"]).await;
    app.register("a@x.io").await;
    app.deliver_webhooks().await;
    let log = log(app, row).await;
    let error = log[0]["lastError"].as_str().unwrap();
    assert!(error.contains("the address is private"), "{error}");
    assert!(listening.take().is_empty());
    listening.stop();
}
