//! What the journal keeps of a change, how large that is, and for how long.

use chrono::TimeDelta;
use patron::app::ctx::Ctx;
use patron::entity::journal_entry::{Column, Entity, Model};
use patron::service::housekeeping;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, Mood, Receiver, TestApp, apply, on_both_databases};

async fn journal(app: &TestApp) -> Vec<Model> {
    Entity::find().order_by_asc(Column::JournalEntryId).all(app.app.db.migration_connection()).await.unwrap()
}

fn url(row: &Value) -> String {
    format!("/api/customers/{}", row["uuid"].as_str().unwrap())
}

const FEED: &str = "query ($after: String, $before: String, $first: Int) { events(after: $after, before: $before, first: $first) {
    nodes { type fields data } pageInfo { endCursor hasNextPage } } }";

async fn tidy_up(app: &TestApp) {
    housekeeping::run_once(&Ctx::system(app.app.clone())).await.unwrap();
}

/// The journal grows by what changed, not by what is there.
#[apply(on_both_databases!)]
async fn renames_don_t_copy_the_meta_data(app: &TestApp) {
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

/// Of `meta_data` an entry has the fields that changed: what they were and what they are.
#[apply(on_both_databases!)]
async fn what_an_entry_says_of_meta_data(app: &TestApp) {
    for key in ["level", "points"] {
        let body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": "short_text"});
        app.admin().post("/api/metafield-definitions", &body).await.data();
    }
    let body = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD,
        "meta_data": {"free": [1], "more": {"a": 1, "b": {"c": 2}}, "custom": {"level": "gold"}}});
    let row = app.admin().post("/api/customers", &body).await.data();
    let created = journal(app).await.pop().unwrap();
    assert_eq!(created.data["meta_data"], body["meta_data"], "of a new customer all of it");
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
async fn meta_data_has_a_size(app: &TestApp) {
    const MESSAGE: &str = "Meta data with custom fields must be at most 64 KiB as JSON";
    let row = app.register("a@x.io").await;
    let of = |bytes: usize| json!({"x": "y".repeat(bytes - 8)});
    app.admin().patch(&url(&row), &json!({"meta_data": of(65_536)})).await.data();
    for (answer, field) in [
        (app.admin().patch(&url(&row), &json!({"meta_data": of(65_537)})).await, "meta_data"),
        (app.admin().post("/api/customers", &json!({"full_name": "A", "email": "b@x.io", "password": CUSTOMER_PASSWORD, "meta_data": of(65_537)})).await, "meta_data"),
    ] {
        answer.assert_failure(400, "validation_failed");
        assert_eq!(answer.details(), [(field, MESSAGE)]);
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
    let answer = set("two", 40_000).await;
    answer.assert_failure(400, "validation_failed");
    assert_eq!(answer.details(), [("metafields", MESSAGE)]);
    assert_eq!(set("two", 20_000).await.status, 200);
    // What an earlier release stored can be made smaller.
    let mut stored = app.customers().await.remove(0).into_active_model();
    stored.meta_data = Set(json!({"free": "x".repeat(70_000), "custom": {"one": "y".repeat(100)}}));
    stored.update(app.app.db.migration_connection()).await.unwrap();
    assert_eq!(set("one", 200).await.status, 400);
    assert_eq!(set("one", 50).await.status, 200);
    app.admin().patch(&url(&row), &json!({"full_name": "B"})).await.data();
}

/// Old entries are deleted, but for those that a webhook still needs; a cursor behind which some are missing is an
/// error.
#[apply(on_both_databases!)]
async fn the_journal_is_kept_for_a_time(app: &TestApp) {
    let app = app
        .another_with(|flags| {
            flags.with("PATRON_JOURNAL_RETENTION", "10").with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8")
        })
        .await;
    let receiver = Receiver::start().await;
    app.publish().await;
    let read = async |variables: Value| {
        let admin = app.admin_again().await;
        // The login is an event as well.
        app.publish().await;
        admin.query_with(FEED, variables).await
    };
    let start = read(json!({"first": 100})).await.data()["events"]["pageInfo"]["endCursor"].clone();
    let endpoint = app.add_endpoint(&receiver.url, &["customer.created"]).await;
    let row = app.register("a@x.io").await;
    receiver.will(std::iter::repeat_n(Mood::Answer(503), 100));
    app.tell().await;
    let disable = format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap());
    app.admin().patch(&disable, &json!({"enabled": false})).await.data();
    app.publish().await;
    let middle = read(json!({"after": start})).await.data()["events"]["pageInfo"]["endCursor"].clone();
    app.app.clock.advance(TimeDelta::days(9));
    app.admin_again().await.patch(&url(&row), &json!({"full_name": "Jane"})).await.data();
    app.publish().await;
    let before = journal(&app).await.len();
    tidy_up(&app).await;
    assert_eq!(journal(&app).await.len(), before, "nothing is ten days old");
    app.app.clock.advance(TimeDelta::days(1));
    tidy_up(&app).await;
    let left = journal(&app).await;
    let kinds: Vec<_> = left.iter().map(|entry| entry.kind.name()).collect();
    assert!(kinds.starts_with(&["customer.created"]) && kinds.contains(&"customer.updated"), "{kinds:?}");
    assert!(left.len() < before, "{kinds:?}");
    for expired in [json!({"after": start}), json!({"before": start})] {
        assert_eq!(read(expired).await.graphql_code(), "POSITION_EXPIRED");
    }
    let kept = async |variables: Value| {
        let nodes = read(variables).await.data()["events"]["nodes"].clone();
        let kinds = nodes.as_array().unwrap().iter().map(|node| node["type"].as_str().unwrap().to_owned());
        kinds.filter(|kind| !kind.starts_with("admin_session.")).collect::<Vec<_>>()
    };
    assert_eq!(kept(json!({"after": middle})).await, ["customer.updated"]);
    assert_eq!(kept(json!({})).await, ["customer.updated"], "without a cursor from the first that is kept");
    // The delivery is not lost.
    receiver.recover();
    app.admin_again().await.patch(&disable, &json!({"enabled": true})).await.data();
    app.tell().await;
    receiver.take();
    let ctx = Ctx::system(app.app.clone());
    patron::service::webhook::replay_dead_letters(&ctx, patron::app::write::Write::of_job(), None)
        .await
        .unwrap();
    app.tell().await;
    assert_eq!(receiver.take().iter().map(|one| one.kind().0).collect::<Vec<_>>(), ["customer.created"]);
    // It goes with the log of its delivery.
    app.app.clock.advance(TimeDelta::days(31));
    app.publish().await;
    tidy_up(&app).await;
    assert_eq!(Entity::find().count(app.app.db.migration_connection()).await.unwrap(), 0);
    assert_eq!(read(json!({"after": middle})).await.graphql_code(), "POSITION_EXPIRED");
    receiver.stop();
    app.stop().await;
}
