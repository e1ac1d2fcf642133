//! Events: each change writes one in its transaction, numbered without gaps per customer, and the feed returns them.

use reqwest::Method;
use serde_json::{Value, json};

use patron::entity::journal_entry::{Column, Entity, Model};
use sea_orm::{EntityTrait, QueryOrder};

use crate::support::{Actor, CUSTOMER_PASSWORD, Customer, TestApp, apply, on_both_databases};

async fn journal(app: &TestApp) -> Vec<Model> {
    Entity::find().order_by_asc(Column::JournalEntryId).all(app.app.db.writer()).await.unwrap()
}

/// The kinds of the entries written since the last call, with their sequence numbers within the customer.
async fn new_entries(app: &TestApp, count: &mut usize) -> Vec<(&'static str, Option<i64>)> {
    let journal = journal(app).await;
    let entries = journal[*count..].iter().map(|entry| (entry.kind.name(), entry.sequence)).collect();
    *count = journal.len();
    entries
}

const FEED: &str = "query ($after: String, $first: Int, $types: [String!], $customer: String) {
    events(after: $after, first: $first, types: $types, customer: $customer) {
        nodes { id type version customer sequence fields data createdAt }
        edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// Each change is recorded once, on every route. A request without a change is not recorded.
#[apply(on_both_databases!)]
async fn every_change_is_recorded_once(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_EMAIL_VERIFICATION", "off")).await;
    let mut seen = journal(&app).await.len();
    let row = app.register("a@x.io").await;
    assert_eq!(new_entries(&app, &mut seen).await, [("customer.created", Some(1))]);
    let customer = app.log_in_customer(&row).await;
    assert_eq!(new_entries(&app, &mut seen).await, [("session.created", Some(2))]);
    let (admin, url) = (app.admin(), format!("/api/customers/{}", row["uuid"].as_str().unwrap()));
    admin.patch(&url, &json!({"full_name": "B", "email": "b@x.io"})).await.data();
    assert_eq!(new_entries(&app, &mut seen).await, [("customer.updated", Some(3))]);
    admin.patch(&url, &json!({"full_name": "B"})).await.data();
    admin.patch(&url, &json!({"email": "no address"})).await.assert_failure(400, "validation_failed");
    customer.patch("/api/customers/me", &json!({"full_name": "C"})).await.data();
    assert_eq!(new_entries(&app, &mut seen).await, [("customer.updated", Some(4))]);
    change_addresses(&app, &row, &mut seen).await;
    change_custom_fields(&app, &customer, &mut seen).await;
    change_groups(&app, &url, &mut seen).await;
    change_sessions(&app, &customer, &mut seen).await;
    admin.patch(&url, &json!({"status": 0})).await.data();
    assert_eq!(new_entries(&app, &mut seen).await, [("customer.updated", Some(20))]);
    admin.delete(&url).await.data();
    assert_eq!(new_entries(&app, &mut seen).await, [("customer.deleted", Some(21))]);
    admin.delete(&url).await.assert_failure(404, "not_found");
    assert_eq!(new_entries(&app, &mut seen).await, []);
    app.stop().await;
}

async fn change_addresses(app: &TestApp, row: &Value, seen: &mut usize) {
    let first = app.add_address(row, "US-CA", true).await;
    assert_eq!(new_entries(app, seen).await, [("address.created", Some(5))]);
    let second = app.add_address(row, "US-NY", true).await;
    assert_eq!(new_entries(app, seen).await, [("address.updated", Some(6)), ("address.created", Some(7))]);
    let (admin, customer) = (app.admin(), row["uuid"].as_str().unwrap());
    let address =
        |row: &Value| format!("/api/customers/{customer}/addresses/{}", row["uuid"].as_str().unwrap());
    admin.patch(&address(&first), &json!({"city": "Oakland"})).await.data();
    admin.delete(&address(&second)).await.data();
    assert_eq!(
        new_entries(app, seen).await,
        [("address.updated", Some(8)), ("address.deleted", Some(9)), ("address.updated", Some(10))]
    );
}

async fn change_custom_fields(app: &TestApp, customer: &Customer<'_>, seen: &mut usize) {
    let admin = app.admin();
    let definition =
        json!({"ownerType": "customer", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "integer"});
    let definition = admin.post("/api/metafield-definitions", &definition).await.data();
    let values = json!({"metafields": {"custom": {"loyalty": 3}}});
    for _ in 0..2 {
        customer.patch("/api/customers/me/metafields", &values).await.data();
    }
    let definition = format!("/api/metafield-definitions/{}", definition["uuid"].as_str().unwrap());
    admin.patch(&definition, &json!({"name": "Points"})).await.data();
    admin.delete(&definition).await.data();
    assert_eq!(
        new_entries(app, seen).await,
        [
            ("metafield_definition.created", None),
            ("customer.updated", Some(11)),
            ("metafield_definition.updated", None),
            ("metafield_definition.deleted", None),
        ]
    );
}

/// The customer of this URL gets a group, and loses it when the group is deleted.
async fn change_groups(app: &TestApp, url: &str, seen: &mut usize) {
    let admin = app.admin();
    let group = admin.post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    let group_url = format!("/api/customer-groups/{}", group["uuid"].as_str().unwrap());
    admin.patch(&group_url, &json!({"group_name": "Gold"})).await.data();
    admin.patch(url, &json!({"group_id": group["customer_group_id"]})).await.data();
    admin.delete(&group_url).await.data();
    assert_eq!(
        new_entries(app, seen).await,
        [
            ("group.created", None),
            ("group.updated", None),
            ("customer.updated", Some(12)),
            ("customer.updated", Some(13)),
            ("group.deleted", None),
        ]
    );
}

async fn change_sessions(app: &TestApp, customer: &Customer<'_>, seen: &mut usize) {
    let refresh = json!({"refreshToken": customer.refresh_token});
    app.anonymous().post("/api/customer/token/refresh", &refresh).await.data();
    assert_eq!(new_entries(app, seen).await, [], "a refresh is not an event");
    let other = app.log_in_customer(&json!({"email": "b@x.io"})).await;
    app.anonymous()
        .post("/api/customer/token/revoke", &json!({"refreshToken": other.refresh_token}))
        .await
        .data();
    app.anonymous()
        .post("/api/customer/token/revoke", &json!({"refreshToken": other.refresh_token}))
        .await
        .data();
    assert_eq!(new_entries(app, seen).await, [("session.created", Some(14)), ("session.revoked", Some(15))]);
    let other = app.log_in_customer(&json!({"email": "b@x.io"})).await;
    let change = json!({"current_password": CUSTOMER_PASSWORD, "password": "another correct horse"});
    let pair = other.post("/api/customers/me/password", &change).await.data();
    assert_eq!(
        new_entries(app, seen).await,
        [("session.created", Some(16)), ("password.changed", Some(17)), ("session.revoked", Some(18))]
    );
    let other = other.with_tokens(&pair);
    other.delete("/api/customers/me/sessions").await.data();
    assert_eq!(new_entries(app, seen).await, [("session.revoked", Some(19))]);
}

/// Reuse of a refresh token ends its session, and that is an event.
#[apply(on_both_databases!)]
async fn reuse_of_a_refresh_token_is_recorded(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let mut seen = journal(app).await.len();
    let refresh = async |token: &Value| {
        app.anonymous().post("/api/customer/token/refresh", &json!({"refreshToken": token})).await
    };
    let first = json!(customer.refresh_token);
    let second = refresh(&first).await.data()["refreshToken"].clone();
    refresh(&second).await.data();
    assert_eq!(refresh(&first).await.status, 401);
    assert_eq!(new_entries(app, &mut seen).await, [("session.revoked", Some(3))]);
    assert_eq!(refresh(&first).await.status, 401);
    assert_eq!(new_entries(app, &mut seen).await, []);
}

#[apply(on_both_databases!)]
async fn the_feed_continues_from_a_cursor(app: &TestApp) {
    let read =
        async |variables: Value| app.admin().query_with(FEED, variables).await.data()["events"].clone();
    app.publish().await;
    let start = read(json!({"first": 100})).await["pageInfo"]["endCursor"].clone();
    let row = app.register("a@x.io").await;
    let none = read(json!({"after": start})).await;
    assert_eq!(none["nodes"], json!([]), "the event is not published yet");
    assert_eq!(none["pageInfo"]["endCursor"], start, "the cursor stays the same");
    assert_eq!(app.publish().await, 1);
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"full_name": "Jane"})).await.data();
    app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    assert_eq!(app.publish().await, 2);
    let page = read(json!({"after": start, "first": 2})).await;
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let created = &page["nodes"][0];
    assert_eq!(
        (&created["type"], &created["version"], &created["sequence"]),
        (&json!("customer.created"), &json!(2), &json!(1))
    );
    assert_eq!((&created["customer"], &created["data"]["email"]), (&row["uuid"], &json!("a@x.io")));
    let updated = &page["nodes"][1];
    assert_eq!((&updated["fields"], &updated["data"]["full_name"]), (&json!(["full_name"]), &json!("Jane")));
    assert_eq!(updated["data"]["version"], 2);
    assert!(!page.to_string().contains("argon2"));
    let last = read(json!({"after": page["pageInfo"]["endCursor"]})).await;
    assert_eq!(
        (&last["nodes"][0]["type"], &last["nodes"][0]["customer"]),
        (&json!("group.created"), &Value::Null)
    );
    assert_eq!(
        (&last["pageInfo"]["hasNextPage"], &last["pageInfo"]["hasPreviousPage"]),
        (&json!(false), &json!(true))
    );
    let filtered = read(json!({"after": start, "types": ["customer.*"], "customer": row["uuid"]})).await;
    assert_eq!(filtered["nodes"].as_array().unwrap().len(), 2);
    for wrong in [
        json!({"types": ["customer.cerated"]}),
        json!({"customer": "x"}),
        json!({"after": "x"}),
        json!({"first": 101}),
    ] {
        let response = app.admin().query_with(FEED, wrong.clone()).await;
        assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{wrong}");
    }
}

/// Concurrent changes of one customer are numbered without gaps and published in that order. A client that reads the
/// feed at the same time misses none.
#[apply(on_both_databases!)]
async fn no_event_is_missed(app: &TestApp) {
    let rows = [app.register("a@x.io").await, app.register("b@x.io").await, app.register("c@x.io").await];
    let admin = app.admin();
    let change = async |number: usize| {
        let url = format!("/api/customers/{}", rows[number % 3]["uuid"].as_str().unwrap());
        admin.patch(&url, &json!({"full_name": format!("John {number}")})).await.data();
    };
    let read = async |after: &Value| {
        admin.query_with(FEED, json!({"after": after, "first": 7})).await.data()["events"].clone()
    };
    let follow = async || {
        let (mut after, mut events) = (Value::Null, Vec::new());
        // Bounded: 62 events in pages of 7, and some rounds find no new event.
        for _ in 0..2000 {
            app.publish().await;
            let page = read(&after).await;
            after = page["pageInfo"]["endCursor"].clone();
            events.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if events.iter().filter(|event| event["type"] == "customer.updated").count() == 60 {
                break;
            }
        }
        events
    };
    let (events, _) = tokio::join!(follow(), futures_util::future::join_all((0..60).map(change)));
    for row in &rows {
        let own: Vec<i64> = events
            .iter()
            .filter(|event| event["customer"] == row["uuid"])
            .map(|event| event["sequence"].as_i64().unwrap())
            .collect();
        assert_eq!(own, (1..=21).collect::<Vec<i64>>());
    }
}

/// A failed request writes no event, and a repeated request with one idempotency key writes one.
#[apply(on_both_databases!)]
async fn events_are_written_with_their_changes(app: &TestApp) {
    let mut seen = journal(app).await.len();
    let body = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD});
    for _ in 0..3 {
        let request = app.anonymous().request(Method::POST, "/api/customers").header("idempotency-key", "k");
        assert_eq!(app.anonymous().send(request.json(&body)).await.status, 201);
    }
    app.anonymous().post("/api/customers", &body).await.assert_failure(409, "email_taken");
    assert_eq!(new_entries(app, &mut seen).await, [("customer.created", Some(1))]);
}
