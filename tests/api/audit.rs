//! The audit trail: actor, action and record of each change, and the entries that remain when a customer is erased.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, Actor, CUSTOMER_PASSWORD, Receiver, TestApp, TestResponse, apply, dump, dump_contains,
    on_both_databases, plan_without_scans, statements_of,
};

const AUDIT: &str = "query ($filter: AuditEntryFilter, $first: Int, $after: String, $last: Int) {
    auditEntries(filter: $filter, first: $first, after: $after, last: $last) {
        nodes { id action actor actorUuid tokenId address userAgent requestId record customer fields changes createdAt }
        pageInfo { hasNextPage endCursor } } }";

async fn audit(app: &TestApp, variables: Value) -> Vec<Value> {
    let response = app.log_in_admin().await.query_with(AUDIT, variables).await;
    response.data()["auditEntries"]["nodes"].as_array().unwrap().clone()
}

/// The claim `jti` of a token.
fn id_of_token(token: &str) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["jti"].clone()
}

#[apply(on_both_databases!)]
async fn entries_have_actor_token_and_changes(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let customer = app.log_in_customer(&row).await;
    let request = customer
        .request(Method::PATCH, "/api/customers/me")
        .header("user-agent", "shop/1")
        .header("x-request-id", "rq-1");
    customer.send(request.json(&json!({"full_name": "Jane", "email": "A@x.io"}))).await.data();
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"status": 0, "password": "another correct horse"})).await.data();
    let of = json!({"customer": row["uuid"]});
    let entries = audit(app, json!({"filter": of})).await;
    let actions: Vec<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "session.revoked",
            "password.changed",
            "customer.updated",
            "customer.updated",
            "session.created",
            "customer.created"
        ]
    );
    let [_, password, disabled, renamed, session, created] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(
        (&created["actor"], &created["actorUuid"], &created["tokenId"]),
        (&json!("ANONYMOUS"), &Value::Null, &Value::Null)
    );
    assert_eq!(created["changes"]["email"], json!({"old": null, "new": "a@x.io"}));
    assert_eq!((&session["actor"], &session["fields"]), (&json!("ANONYMOUS"), &json!([])));
    assert_eq!(
        (&renamed["actor"], &renamed["actorUuid"], &renamed["record"]),
        (&json!("CUSTOMER"), &row["uuid"], &row["uuid"])
    );
    assert_eq!(
        (&renamed["userAgent"], &renamed["requestId"], &renamed["address"]),
        (&json!("shop/1"), &json!("rq-1"), &json!("127.0.0.1"))
    );
    assert_eq!(renamed["fields"], json!(["email", "full_name"]));
    assert_eq!(
        renamed["changes"],
        json!({
            "email": {"old": "a@x.io", "new": "A@x.io"}, "full_name": {"old": "John Smith", "new": "Jane"},
        })
    );
    assert_eq!(renamed["tokenId"], id_of_token(&customer.token), "the id of the token");
    assert_eq!(
        (&disabled["actor"], &disabled["changes"]),
        (&json!("ADMIN"), &json!({"status": {"old": 1, "new": 0}}))
    );
    assert_eq!(
        password["changes"],
        json!({"password": "changed"}),
        "a secret is recorded as changed, without its value"
    );
    assert_eq!(disabled["requestId"], password["requestId"]);
}

#[apply(on_both_databases!)]
async fn entries_are_filtered_and_paged(app: &TestApp) {
    let start = app.now();
    let (one, other) = (app.register("a@x.io").await, app.register("b@x.io").await);
    app.app.clock.advance(TimeDelta::minutes(1));
    let address = app.add_address(&one, "US-CA", true).await;
    let count = async |filter: Value| audit(app, json!({"filter": filter, "first": 100})).await.len();
    assert_eq!(count(json!({"actions": ["customer.*"]})).await, 2);
    assert_eq!(count(json!({"actions": ["customer.created", "address.created"]})).await, 3);
    assert_eq!(count(json!({"customer": one["uuid"]})).await, 2);
    assert_eq!(count(json!({"record": address["uuid"]})).await, 1);
    assert_eq!(count(json!({"record": one["uuid"]})).await, 1);
    assert_eq!(count(json!({"record": one["uuid"], "customer": other["uuid"]})).await, 0);
    let created = audit(app, json!({"filter": {"record": address["uuid"]}})).await;
    assert_eq!(count(json!({"requestId": created[0]["requestId"]})).await, 1);
    assert_eq!(count(json!({"requestId": "system"})).await, 1);
    assert_eq!(count(json!({"actor": "ADMIN", "customer": one["uuid"]})).await, 1);
    assert_eq!(count(json!({"customer": other["uuid"], "actor": "ADMIN"})).await, 0);
    assert_eq!(count(json!({"customer": one["uuid"], "since": app.now()})).await, 1);
    assert_eq!(count(json!({"customer": one["uuid"], "until": app.now()})).await, 1);
    assert_eq!(count(json!({"actions": ["admin.created"], "until": start + TimeDelta::seconds(1)})).await, 1);
    assert_eq!(count(json!({"requestId": "nul\u{0}"})).await, 0);
    let admin = audit(app, json!({"filter": {"record": address["uuid"]}})).await[0]["actorUuid"].clone();
    assert_eq!(count(json!({"actorUuid": admin})).await, 1);
    let mut walked = Vec::new();
    let mut after = Value::Null;
    // Without the logins that the queries of this test add to the trail.
    let filter = json!({"actions": ["admin.*", "customer.*", "address.*"]});
    for _ in 0..10 {
        let response = app
            .log_in_admin()
            .await
            .query_with(AUDIT, json!({"first": 2, "after": after, "filter": filter}))
            .await
            .data();
        walked.extend(
            response["auditEntries"]["nodes"].as_array().unwrap().iter().map(|entry| entry["id"].clone()),
        );
        after = response["auditEntries"]["pageInfo"]["endCursor"].clone();
        if response["auditEntries"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let all: Vec<Value> = audit(app, json!({"first": 100, "filter": filter}))
        .await
        .iter()
        .map(|entry| entry["id"].clone())
        .collect();
    assert_eq!(walked, all);
    let oldest = audit(app, json!({"last": 1})).await;
    assert_eq!(oldest[0]["action"], "admin.created");
    for wrong in [json!({"customer": "x"}), json!({"actions": ["x"]}), json!({"actorUuid": ""})] {
        let response = app.log_in_admin().await.query_with(AUDIT, json!({"filter": wrong})).await;
        assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{wrong}");
    }
}

/// Filters by one id use an index, so their cost does not grow with the trail.
#[apply(on_both_databases!)]
async fn filters_use_an_index(app: &TestApp) {
    let customer = app.register("a@x.io").await["uuid"].clone();
    let address = "433ba97f-8be7-4be9-be3f-a9f341f2b89f";
    for (filter, index) in [
        (json!({"customer": customer}), "journal_entry_customer_uuid_sequence_key"),
        (json!({"record": customer}), "journal_entry_customer_uuid_sequence_key"),
        (json!({"record": address}), "journal_entry_record_idx"),
        (json!({"requestId": "rq-1"}), "journal_entry_request_id_idx"),
        (json!({"actorUuid": address}), "journal_entry_actor_uuid_idx"),
    ] {
        let variables = json!({"filter": filter});
        let (response, statements) = statements_of(&app.log_in_admin().await, AUDIT, variables).await;
        response.data();
        let plan = plan_without_scans(app, statements.last().unwrap()).await;
        assert!(plan.contains(index), "{filter}: {plan}");
    }
}

/// Parts of the personal data of the customer that is erased.
const PERSONAL: [&str; 11] = [
    "marker.one@x.io",
    "marker.two@x.io",
    "marker.three@x.io",
    "Marker Name",
    "Marker Renamed",
    "Marker Street",
    "Marker Town",
    "555-MARKER",
    "marker-agent",
    "Marker Field",
    "203.0.113.77",
];

/// Sends a request with a marked user agent and a marked idempotency key.
async fn send_marked(actor: &impl Actor, method: Method, path: &str, body: &Value) -> TestResponse {
    let request = actor.request(method, path);
    let request = request.header("user-agent", "marker-agent").header("idempotency-key", "marker-key");
    actor.send(request.json(body)).await
}

async fn register_marked(app: &TestApp) -> TestResponse {
    let body = json!({"full_name": "Marker Name", "email": "Marker.One@x.io", "password": CUSTOMER_PASSWORD});
    send_marked(&app.anonymous(), Method::POST, "/api/customers", &body).await
}

/// Registers a customer and puts its personal data into records of each kind.
async fn leave_personal_data(app: &TestApp) -> Value {
    let row = register_marked(app).await.data();
    let login = json!({"email": "marker.one@x.io", "password": CUSTOMER_PASSWORD});
    let pair = send_marked(&app.anonymous(), Method::POST, "/api/customer/tokens", &login).await.data();
    let customer = app.log_in_customer(&row).await.with_tokens(&pair);
    let definition =
        json!({"ownerType": "customer", "fieldKey": "note", "name": "Note", "fieldType": "short_text"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    let address = json!({"full_name": "Marker Name", "address_1": "Marker Street 1", "city": "Marker Town",
        "telephone": "555-MARKER", "postcode": "1", "province": "x", "country": "US"});
    let values = json!({"metafields": {"custom": {"note": "Marker Field"}}});
    let profile = json!({"full_name": "Marker Renamed", "email": "marker.two@x.io"});
    for (method, path, body) in [
        (Method::POST, "/api/customers/me/addresses", address),
        (Method::PATCH, "/api/customers/me/metafields", values),
        (Method::PATCH, "/api/customers/me", profile),
    ] {
        let response = send_marked(&customer, method, path, &body).await;
        assert!(response.status < 300, "{response:?}");
    }
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"email": "marker.three@x.io"})).await.data();
    for email in ["marker.three@x.io", "Marker.Three@x.io"] {
        app.anonymous().post("/api/customers/reset-password", &json!({"email": email})).await.data();
    }
    app.deliver_mails().await;
    app.deliver_webhooks().await;
    app.anonymous()
        .post("/api/customers/reset-password", &json!({"email": "marker.three@x.io"}))
        .await
        .data();
    app.admin().patch(&url, &json!({"full_name": "Marker Renamed Again"})).await.data();
    row
}

/// Actions, field names and token ids remain, without gaps in the sequence.
async fn assert_trail_remains(app: &TestApp, row: &Value) {
    let entries = audit(app, json!({"filter": {"customer": row["uuid"]}, "first": 100})).await;
    assert_eq!(entries[0]["action"], "customer.deleted");
    assert!(
        entries
            .iter()
            .any(|entry| entry["fields"] == json!(["full_name", "pending_email"])
                && !entry["tokenId"].is_null())
    );
    assert!(entries.iter().all(|entry| entry["changes"] == json!({})));
    let feed = app
        .admin()
        .query_with(
            "query ($c: String) { events(customer: $c, first: 100) { nodes { sequence data } } }",
            json!({"c": row["uuid"]}),
        )
        .await;
    let nodes = feed.data()["events"]["nodes"].as_array().unwrap().clone();
    let sequence: Vec<i64> = nodes.iter().map(|node| node["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequence, (1..=i64::try_from(nodes.len()).unwrap()).collect::<Vec<i64>>());
    assert!(nodes[..nodes.len() - 1].iter().all(|node| node["data"] == json!({"erased": true})));
}

/// No personal data is left anywhere in the database; the actions and their timestamps remain.
#[apply(on_both_databases!)]
async fn erasing_a_customer_leaves_nothing_personal(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    let endpoint = app.add_endpoint(&receiver.url, &["*"]).await;
    let row = leave_personal_data(&app).await;
    let before = dump(&app).await;
    let count = PERSONAL.iter().filter(|text| dump_contains(&before, text)).count();
    assert!(count >= 8, "the dump contains the personal data: {count}");

    let uuid = row["uuid"].as_str().unwrap();
    app.admin().delete(&format!("/api/customers/{uuid}")).await.data();
    app.deliver_webhooks().await;
    let after = dump(&app).await;
    for text in PERSONAL {
        assert!(!dump_contains(&after, text), "{text} is still there");
    }
    assert!(dump_contains(&after, uuid) && dump_contains(&after, ADMIN_EMAIL), "the dump is complete");
    assert_trail_remains(&app, &row).await;
    // Pending deliveries are sent without personal data, and the deletion is delivered.
    let received = receiver.take();
    let last = received.iter().rev().find(|one| one.kind().0 == "customer.deleted").unwrap();
    assert_eq!(last.body["data"], json!({"customer_id": row["customer_id"], "uuid": row["uuid"]}));
    // A stored response that contains personal data is not replayed.
    let repeated = register_marked(&app).await;
    assert_eq!(repeated.header("idempotency-replayed"), None);
    assert_ne!(repeated.data()["uuid"], row["uuid"]);
    app.admin()
        .delete(&format!("/api/webhook-endpoints/{}", endpoint["uuid"].as_str().unwrap()))
        .await
        .data();
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn deleting_the_own_account_leaves_nothing_personal(app: &TestApp) {
    let customer = app.customer("marker@x.io").await;
    let request = customer.request(Method::DELETE, "/api/customers/me").header("user-agent", "marker-agent");
    customer.send(request.json(&json!({"password": CUSTOMER_PASSWORD}))).await.data();
    let after = dump(app).await;
    assert!(!dump_contains(&after, "marker@x.io") && !dump_contains(&after, "marker-agent"));
    let entries = audit(app, json!({"filter": {"customer": customer.row["uuid"]}})).await;
    assert_eq!((&entries[0]["actor"], &entries[0]["address"]), (&json!("CUSTOMER"), &Value::Null));
}
