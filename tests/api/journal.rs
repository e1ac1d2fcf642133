//! Journal entries: their content, their size and their retention.

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::entity::journal_entry::{Column, Entity, Model};
use patron::service::housekeeping;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{
    Actor, CUSTOMER_PASSWORD, Receiver, TestApp, TestResponse, WebhookReply, apply, on_both_databases,
};

async fn journal(app: &TestApp) -> Vec<Model> {
    Entity::find().order_by_asc(Column::JournalEntryId).all(app.app.db.writer()).await.unwrap()
}

fn url(row: &Value) -> String {
    format!("/api/customers/{}", row["uuid"].as_str().unwrap())
}

const FEED: &str = "query ($after: String, $before: String, $first: Int) { events(after: $after, before: $before, first: $first) {
    nodes { type fields data } pageInfo { endCursor hasNextPage } } }";

async fn run_housekeeping(app: &TestApp) {
    housekeeping::run_once(&AdminCtx::system(app.app.clone())).await.unwrap();
}

/// The size of an entry depends on the change, not on the record.
#[apply(on_both_databases!)]
async fn renames_do_not_copy_meta_data(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let large = json!({"free": "x".repeat(60 * 1024)});
    app.admin().patch(&url(&row), &json!({"meta_data": large})).await.data();
    let seen = journal(app).await.len();
    for number in 0..30 {
        app.admin().patch(&url(&row), &json!({"full_name": format!("John {number}")})).await.data();
    }
    let entries = journal(app).await.split_off(seen);
    let length = |entry: &Model| {
        [&entry.data, &entry.before, &entry.fields].iter().map(|part| part.to_string().len()).sum::<usize>()
    };
    let grown: usize = entries.iter().map(length).sum();
    assert!(entries.len() == 30 && grown < 100_000, "{grown} bytes");
    assert_eq!((entries[0].data.get("meta_data"), &entries[0].data["email"]), (None, &json!("a@x.io")));
    assert_eq!(app.customers().await[0].meta_data, large);
}

/// An entry has the old and new values of those `meta_data` fields that changed.
#[apply(on_both_databases!)]
async fn entries_have_only_changed_meta_data(app: &TestApp) {
    for key in ["level", "points"] {
        let body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": "short_text"});
        app.admin().post("/api/metafield-definitions", &body).await.data();
    }
    let body = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD,
        "meta_data": {"free": [1], "more": {"a": 1, "b": {"c": 2}}, "custom": {"level": "gold"}}});
    let row = app.admin().post("/api/customers", &body).await.data();
    let created = journal(app).await.pop().unwrap();
    assert_eq!(created.data["meta_data"], body["meta_data"], "a new customer's entry has all of it");
    let last = async || {
        let entry = journal(app).await.pop().unwrap();
        (entry.fields, entry.before["meta_data"].clone(), entry.data["meta_data"].clone())
    };
    let metafields = format!("{}/metafields", url(&row));
    app.admin().patch(&metafields, &json!({"metafields": {"custom": {"points": "5"}}})).await.data();
    assert_eq!(
        last().await,
        (json!(["meta_data"]), json!({"custom": {}}), json!({"custom": {"points": "5"}}))
    );
    app.admin()
        .patch(&metafields, &json!({"metafields": {"custom": {"level": null, "points": "6"}}}))
        .await
        .data();
    assert_eq!(
        last().await,
        (
            json!(["meta_data"]),
            json!({"custom": {"level": "gold", "points": "5"}}),
            json!({"custom": {"level": null, "points": "6"}})
        )
    );
    let changed =
        json!({"free": [2], "more": {"a": 1, "b": {"c": 3}}, "custom": {"points": "6"}, "new": "x"});
    app.admin().patch(&url(&row), &json!({"meta_data": changed, "full_name": "B"})).await.data();
    assert_eq!(
        last().await,
        (
            json!(["full_name", "meta_data"]),
            json!({"free": [1], "more": {"b": {"c": 2}}}),
            json!({"free": [2], "more": {"b": {"c": 3}}, "new": "x"})
        )
    );
    app.admin().patch(&url(&row), &json!({"meta_data": null})).await.data();
    let (_, before, after) = last().await;
    assert_eq!((before, after), (changed, json!({"free": null, "more": null, "custom": null, "new": null})));
    let audit = app.admin().query("{ auditEntries(first: 1) { nodes { changes } } }").await.data();
    assert_eq!(audit["auditEntries"]["nodes"][0]["changes"]["meta_data"]["new"]["free"], Value::Null);
}

#[apply(on_both_databases!)]
async fn meta_data_is_limited_in_size(app: &TestApp) {
    const MESSAGE: &str = "Meta data with custom fields must be at most 64 KiB as JSON";
    let row = app.register("a@x.io").await;
    let of = |bytes: usize| json!({"x": "y".repeat(bytes - 8)});
    app.admin().patch(&url(&row), &json!({"meta_data": of(65_536)})).await.data();
    for (response, field) in [
        (app.admin().patch(&url(&row), &json!({"meta_data": of(65_537)})).await, "meta_data"),
        (app.admin().post("/api/customers", &json!({"full_name": "A", "email": "b@x.io", "password": CUSTOMER_PASSWORD, "meta_data": of(65_537)})).await, "meta_data"),
    ] {
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [(field, MESSAGE)]);
    }
    for key in ["one", "two"] {
        let body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": "long_text"});
        app.admin().post("/api/metafield-definitions", &body).await.data();
    }
    app.admin().patch(&url(&row), &json!({"meta_data": null})).await.data();
    let metafields = format!("{}/metafields", url(&row));
    let set = async |key: &str, bytes: usize| {
        app.admin().patch(&metafields, &json!({"metafields": {"custom": {key: "y".repeat(bytes)}}})).await
    };
    assert_eq!(set("one", 40_000).await.status, 200);
    let response = set("two", 40_000).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details(), [("metafields", MESSAGE)]);
    assert_eq!(set("two", 20_000).await.status, 200);
    // Oversized data of an earlier release can be reduced.
    let mut stored = app.customers().await.remove(0).into_active_model();
    stored.meta_data = Set(json!({"free": "x".repeat(70_000), "custom": {"one": "y".repeat(100)}}));
    stored.update(app.app.db.writer()).await.unwrap();
    assert_eq!(set("one", 200).await.status, 400);
    assert_eq!(set("one", 50).await.status, 200);
    app.admin().patch(&url(&row), &json!({"full_name": "B"})).await.data();
}

/// Reads the feed after it has published the event of the admin's login.
async fn read_feed(app: &TestApp, variables: Value) -> TestResponse {
    let admin = app.log_in_admin().await;
    app.publish().await;
    admin.query_with(FEED, variables).await
}

/// The kinds of the events of the feed, except those of admins' logins.
async fn read_kinds(app: &TestApp, variables: Value) -> Vec<String> {
    let nodes = read_feed(app, variables).await.data()["events"]["nodes"].clone();
    let kinds = nodes.as_array().unwrap().iter().map(|node| node["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| !kind.starts_with("admin_session.")).collect()
}

/// Old entries are deleted unless a webhook still needs them. A cursor is an error if entries after it have been
/// deleted.
#[apply(on_both_databases!)]
async fn old_entries_are_deleted_after_the_retention(app: &TestApp) {
    let app = app
        .another_with(|flags| {
            flags.with("PATRON_JOURNAL_RETENTION", "10").with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8")
        })
        .await;
    let receiver = Receiver::start().await;
    app.publish().await;
    let start =
        read_feed(&app, json!({"first": 100})).await.data()["events"]["pageInfo"]["endCursor"].clone();
    let endpoint = app.add_endpoint(&receiver.url, &["customer.created"]).await;
    let row = app.register("a@x.io").await;
    receiver.reply_with(std::iter::repeat_n(WebhookReply::Status(503), 100));
    app.deliver_webhooks().await;
    let disable = format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap());
    app.admin().patch(&disable, &json!({"enabled": false})).await.data();
    app.publish().await;
    let middle =
        read_feed(&app, json!({"after": start})).await.data()["events"]["pageInfo"]["endCursor"].clone();
    app.app.clock.advance(TimeDelta::days(9));
    app.log_in_admin().await.patch(&url(&row), &json!({"full_name": "Jane"})).await.data();
    app.publish().await;
    let before = journal(&app).await.len();
    run_housekeeping(&app).await;
    assert_eq!(journal(&app).await.len(), before, "nothing is ten days old");
    app.app.clock.advance(TimeDelta::days(1));
    run_housekeeping(&app).await;
    let remaining = journal(&app).await;
    let kinds: Vec<_> = remaining.iter().map(|entry| entry.kind.name()).collect();
    assert!(kinds.starts_with(&["customer.created"]) && kinds.contains(&"customer.updated"), "{kinds:?}");
    assert!(remaining.len() < before, "{kinds:?}");
    for expired in [json!({"after": start}), json!({"before": start})] {
        assert_eq!(read_feed(&app, expired).await.graphql_code(), "POSITION_EXPIRED");
    }
    assert_eq!(read_kinds(&app, json!({"after": middle})).await, ["customer.updated"]);
    assert_eq!(
        read_kinds(&app, json!({})).await,
        ["customer.updated"],
        "without a cursor the feed starts at the oldest entry"
    );
    // The delivery is not lost.
    receiver.reset_replies();
    app.log_in_admin().await.patch(&disable, &json!({"enabled": true})).await.data();
    app.deliver_webhooks().await;
    receiver.take();
    let ctx = AdminCtx::system(app.app.clone());
    patron::service::webhook::replay_dead_letters(&ctx, patron::app::write::Write::of_job(), None)
        .await
        .unwrap();
    app.deliver_webhooks().await;
    assert_eq!(receiver.take().iter().map(|one| one.kind().0).collect::<Vec<_>>(), ["customer.created"]);
    // The entry is deleted together with its delivery.
    app.app.clock.advance(TimeDelta::days(31));
    app.publish().await;
    run_housekeeping(&app).await;
    assert_eq!(Entity::find().count(app.app.db.writer()).await.unwrap(), 0);
    assert_eq!(read_feed(&app, json!({"after": middle})).await.graphql_code(), "POSITION_EXPIRED");
    receiver.stop();
    app.stop().await;
}
