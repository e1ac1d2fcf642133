//! Bulk actions: one request changes many customers, all or none of them, with a result and a journal entry for each.

use std::time::Duration;

use patron::entity::{admin_second_factor, admin_session, admin_user, customer_session, idempotency_key};
use patron::entity::{customer, journal_entry};
use patron::types::{CustomerStatus, EventKind};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::support::{Actor, TestApp, TestResponse, apply, dump, on_both_databases, statements_of_request};

const BULK: &str = "/api/customers/bulk";

async fn bulk(app: &TestApp, body: Value) -> TestResponse {
    app.admin().post(BULK, &body).await
}

async fn keyed(app: &TestApp, key: &str, body: &Value) -> TestResponse {
    let admin = app.admin();
    admin.send(admin.request(reqwest::Method::POST, BULK).header("idempotency-key", key).json(body)).await
}

/// Registers customers and returns their public identifiers.
async fn registered(app: &TestApp, count: usize) -> Vec<String> {
    let mut uuids = Vec::new();
    for number in 0..count {
        let row = app.register(&format!("{number}@x.io")).await;
        uuids.push(row["uuid"].as_str().unwrap().to_owned());
    }
    uuids
}

/// The results by customer, in the order of the response.
fn results(response: &TestResponse) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let data = response.data();
    data["results"].as_array().unwrap().iter().map(|row| (text(&row["uuid"]), text(&row["result"]))).collect()
}

async fn entries(app: &TestApp, kind: EventKind) -> u64 {
    let select = journal_entry::Entity::find().filter(journal_entry::Column::Kind.eq(kind));
    select.count(app.app.db.writer()).await.unwrap()
}

#[apply(on_both_databases!)]
async fn each_customer_has_a_result_in_the_order_of_the_request(app: &TestApp) {
    let customers = registered(app, 3).await;
    let unknown = Uuid::from_u128(7).to_string();
    app.admin().patch(&format!("/api/customers/{}", customers[1]), &json!({"status": 0})).await.data();
    // A customer that occurs twice, also in another spelling, counts once.
    let twice = customers[2].replace('-', "").to_uppercase();
    let list = json!([customers[2], unknown, customers[1], twice, customers[0]]);
    let response = bulk(app, json!({"action": "disable", "customers": list})).await;
    let expected = [
        (&customers[2], "done"),
        (&unknown, "failed"),
        (&customers[1], "unchanged"),
        (&customers[0], "done"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(uuid, result)| ((*uuid).clone(), (*result).to_owned())).collect();
    assert_eq!(results(&response), expected);
    let data = response.data();
    assert_eq!(data["action"], "disable");
    assert_eq!([&data["total"], &data["done"], &data["unchanged"], &data["failed"]], [4, 2, 1, 1]);
    assert_eq!(data["results"][1]["message"], "Customer not found");
    assert_eq!(data["results"][0]["message"], Value::Null);
    assert!(app.customers().await.iter().all(|row| !row.status.is_enabled()));
    // Versions and events, as for a change of one customer.
    let versions: Vec<i32> = app.customers().await.iter().map(|row| row.version).collect();
    assert_eq!(versions, [2, 2, 2]);
    assert_eq!(entries(app, EventKind::CustomerUpdated).await, 3);
}

#[apply(on_both_databases!)]
async fn every_action_does_what_it_does_to_one_customer(app: &TestApp) {
    let (one, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    let uuids = json!([one.row["uuid"], other.row["uuid"]]);
    let group = app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    let id = &group["customer_group_id"];
    let body = json!({"action": "set_group", "group_id": id, "customers": uuids});
    assert_eq!(bulk(app, body.clone()).await.data()["done"], 2);
    assert_eq!(bulk(app, body).await.data()["unchanged"], 2);
    let groups: Vec<Value> = app.customers().await.iter().map(|row| json!(row.group_id)).collect();
    assert_eq!(groups, [id.clone(), id.clone()]);

    let end = json!({"action": "end_sessions", "customers": uuids});
    assert_eq!(bulk(app, end.clone()).await.data()["done"], 2);
    assert_eq!(one.query("{ currentCustomer { uuid } }").await.status, 401);
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 0);
    assert_eq!(bulk(app, end).await.data()["unchanged"], 2);
    assert_eq!(entries(app, EventKind::SessionRevoked).await, 2);

    let disable = json!({"action": "disable", "customers": uuids});
    assert_eq!(bulk(app, disable).await.data()["done"], 2);
    let enable = json!({"action": "enable", "customers": uuids});
    assert_eq!(bulk(app, enable).await.data()["done"], 2);
    app.log_in_customer(&one.row).await;

    let delete = json!({"action": "delete", "customers": uuids});
    assert_eq!(bulk(app, delete.clone()).await.data()["done"], 2);
    assert_eq!(app.customers().await.len(), 0);
    assert_eq!(entries(app, EventKind::CustomerDeleted).await, 2);
    let again = bulk(app, delete).await.data();
    assert_eq!((&again["done"], &again["failed"]), (&json!(0), &json!(2)));
    for customer in [&one.row["uuid"], &other.row["uuid"]] {
        assert_numbered_without_gaps(app, customer.as_str().unwrap().parse().unwrap()).await;
    }
}

/// The journal entries of a customer are numbered from 1.
async fn assert_numbered_without_gaps(app: &TestApp, customer: Uuid) {
    let select = journal_entry::Entity::find().filter(journal_entry::Column::CustomerUuid.eq(customer));
    let entries = select.all(app.app.db.writer()).await.unwrap();
    let mut numbers: Vec<i64> = entries.iter().filter_map(|row| row.sequence).collect();
    numbers.sort_unstable();
    let expected: Vec<i64> = (1..).take(entries.len()).collect();
    assert_eq!(numbers, expected);
}

#[apply(on_both_databases!)]
async fn a_filter_selects_the_customers_it_was_expected_to_find(app: &TestApp) {
    let customers = registered(app, 4).await;
    app.admin().patch(&format!("/api/customers/{}", customers[3]), &json!({"status": 0})).await.data();
    let filter = json!({"status": {"eq": 1}, "email": {"contains": "x.io"}});
    let body = |expected: u64| json!({"action": "disable", "filter": filter, "expected_count": expected});
    let before = dump(app).await;
    let refused = bulk(app, body(4)).await;
    refused.assert_failure(409, "conflict");
    assert_eq!(refused.message(), "The filter finds 3 customers now, not 4");
    assert!(dump(app).await == before, "a refused action changed something");
    let response = bulk(app, body(3)).await;
    // The newest first, as in lists.
    let uuids: Vec<String> = results(&response).into_iter().map(|(uuid, _)| uuid).collect();
    assert_eq!(uuids, [customers[2].clone(), customers[1].clone(), customers[0].clone()]);
    assert_eq!(response.data()["done"], 3);
    let nothing = bulk(app, body(0)).await.data();
    assert_eq!((&nothing["total"], &nothing["results"]), (&json!(0), &json!([])));
}

/// A search may take long. On SQLite, all other writes would wait for it.
#[apply(on_both_databases!)]
async fn the_filter_is_evaluated_before_the_transaction(app: &TestApp) {
    registered(app, 3).await;
    let filter = json!({"email": {"contains": "x.io"}});
    let body = json!({"action": "disable", "filter": filter, "expected_count": 3});
    let admin = app.admin();
    let request = admin.request(reqwest::Method::POST, BULK).json(&body);
    let (response, statements) = statements_of_request(&admin, request).await;
    assert_eq!(response.data()["done"], 3);
    let searches = statements.iter().filter(|statement| statement.contains("LIKE")).count();
    assert_eq!(searches, 1, "{statements:#?}");
}

/// Sends a bulk action while another transaction has made this change, which it commits after the filter was evaluated.
async fn bulk_during(app: &TestApp, body: Value, change: customer::ActiveModel) -> TestResponse {
    let other = app.app.db.begin().await.unwrap();
    change.update(&other).await.unwrap();
    let before = selects(app);
    let commit = async || {
        // The authentication, and the customers that the filter finds.
        let found = async {
            while selects(app) < before + 2.0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(30), found).await.expect("the filter is evaluated");
        other.commit().await.unwrap();
    };
    let (response, ()) = futures_util::future::join(bulk(app, body), commit()).await;
    response
}

/// A customer may change after the filter has found it, and before it is locked.
#[apply(on_both_databases!)]
async fn customers_that_change_are_searched_again(app: &TestApp) {
    registered(app, 2).await;
    let row = app.customers().await.remove(0);
    let change = |number: i64| customer::ActiveModel {
        customer_id: Set(row.customer_id),
        event_sequence: Set(row.event_sequence + number),
        ..Default::default()
    };
    let body = |expected: u64| json!({"action": "end_sessions", "filter": {"status": {"eq": 1}}, "expected_count": expected});
    // The filter finds it still.
    let renamed = customer::ActiveModel { full_name: Set("New".to_owned()), ..change(1) };
    assert_eq!(bulk_during(app, body(2), renamed).await.data()["total"], 2);
    // The filter finds it no longer.
    let disabled = customer::ActiveModel { status: Set(CustomerStatus::DISABLED), ..change(2) };
    let refused = bulk_during(app, body(2), disabled).await;
    refused.assert_failure(409, "conflict");
    assert_eq!(refused.message(), "The filter finds 1 customer now, not 2");
    assert_eq!(bulk(app, body(1)).await.data()["total"], 1);
}

/// The number of statements that read rows.
fn selects(app: &TestApp) -> f64 {
    let series = "patron_database_statement_duration_seconds_count{kind=\"select\",outcome=\"ok\"}";
    let metrics = app.app.render_metrics();
    let value = metrics.lines().find_map(|line| line.strip_prefix(series));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}

#[apply(on_both_databases!)]
async fn the_response_is_repeated_with_the_same_key(app: &TestApp) {
    let customers = registered(app, 3).await;
    let body = json!({"action": "disable", "customers": customers});
    let first = keyed(app, "k", &body).await;
    assert_eq!(first.data()["done"], 3);
    let after = dump(app).await;
    let second = keyed(app, "k", &body).await;
    assert_eq!((second.status, &second.text), (200, &first.text));
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert!(dump(app).await == after, "the action was done twice");
    let other = json!({"action": "enable", "customers": customers});
    keyed(app, "k", &other).await.assert_failure(422, "idempotency_mismatch");
    // The response names customers by their identifiers only, so it outlives one of them.
    app.admin().delete(&format!("/api/customers/{}", customers[0])).await.data();
    assert_eq!(keyed(app, "k", &body).await.text, first.text);
    assert_eq!(idempotency_key::Entity::find().count(app.app.db.writer()).await.unwrap(), 1);
}

/// A body, and the field and the start of the message of its problem.
type InvalidBody = (Value, &'static str, &'static str);

const EXPECTED_LIST: &str = "Customers must be a list of 1 to 1000 uuids";

fn invalid_selections(customers: &[String]) -> Vec<InvalidBody> {
    let many: Vec<String> = (0..1001).map(|number| Uuid::from_u128(number).to_string()).collect();
    let twice: Vec<&String> = std::iter::repeat_n(&customers[0], 1001).collect();
    let filter = json!({"status": {"eq": 1}});
    let count = "Expected count must be a whole number from 0 to 1000";
    vec![
        (json!({}), "customers", "Customers are required: a list of them, or a filter"),
        (
            json!({"customers": customers, "filter": filter, "expected_count": 2}),
            "filter",
            "Give either customers or a filter",
        ),
        (json!({"customers": many}), "customers", EXPECTED_LIST),
        (json!({"customers": twice}), "customers", EXPECTED_LIST),
        (json!({"customers": []}), "customers", EXPECTED_LIST),
        (json!({"customers": "all"}), "customers", EXPECTED_LIST),
        (json!({"customers": null}), "customers", EXPECTED_LIST),
        (json!({"customers": [customers[0], "7"]}), "customers[1]", "Each customer must be a uuid"),
        (json!({"customers": [customers[0], 7]}), "customers[1]", "Each customer must be a uuid"),
        (
            json!({"customers": customers, "expected_count": 2}),
            "expected_count",
            "Only a filter has an expected count",
        ),
        (json!({"filter": filter}), "expected_count", "Expected count is required with a filter"),
        (json!({"filter": filter, "expected_count": -1}), "expected_count", count),
        (json!({"filter": filter, "expected_count": 1.5}), "expected_count", count),
        (json!({"filter": filter, "expected_count": null}), "expected_count", count),
        (json!({"filter": null, "expected_count": 2}), "filter", "A filter must be an object"),
        (
            json!({"filter": {"and": [{"nope": 1}]}, "expected_count": 1}),
            "filter.and[0].nope",
            "Unknown name. Known names:",
        ),
        (
            json!({"filter": {"not": {"status": {"eq": "1"}}}, "expected_count": 1}),
            "filter.not.status.eq",
            "The value must be a whole number of 32 bits",
        ),
        (
            json!({"filter": {"metafield": {"key": "nope", "exists": true}}, "expected_count": 1}),
            "filter",
            "There is no custom field \"custom.nope\"",
        ),
    ]
}

fn invalid_actions(customers: &[String]) -> Vec<InvalidBody> {
    let group = |id: Value| json!({"action": "set_group", "group_id": id, "customers": customers});
    vec![
        (json!({"customers": customers}), "action", "Action is required"),
        (
            json!({"action": "erase", "customers": customers}),
            "action",
            "Action must be one of enable, disable, set_group, end_sessions, delete",
        ),
        (json!({"action": 1, "customers": customers}), "action", "Action must be a string"),
        (json!({"action": "set_group", "customers": customers}), "group_id", "Group id is required"),
        (group(json!(null)), "group_id", "Group id is required"),
        (group(json!(77)), "group_id", "Group does not exist"),
        (group(json!("x")), "group_id", "Group id must be an integer"),
        (
            json!({"action": "delete", "group_id": 1, "customers": customers}),
            "group_id",
            "Only set_group has a group id",
        ),
    ]
}

#[apply(on_both_databases!)]
async fn invalid_requests_change_nothing_and_name_the_problem(app: &TestApp) {
    let customers = registered(app, 2).await;
    let mut cases = invalid_actions(&customers);
    cases.extend(invalid_selections(&customers).into_iter().map(|(mut body, field, message)| {
        body["action"] = json!("disable");
        (body, field, message)
    }));
    let before = dump(app).await;
    for (body, field, message) in cases {
        let response = bulk(app, body.clone()).await;
        response.assert_failure(400, "validation_failed");
        let details = response.details();
        let found = details.iter().any(|(name, text)| *name == field && text.starts_with(message));
        assert!(found, "{body}: {details:?}");
    }
    assert!(dump(app).await == before, "an invalid request changed something");
}

/// Requests with the same customers in another order wait for one another; none fails.
#[apply(on_both_databases!)]
async fn concurrent_requests_do_not_deadlock(app: &TestApp) {
    let mut customers = registered(app, 20).await;
    let forwards = customers.clone();
    customers.reverse();
    let send = async |number: usize| {
        let list = if number.is_multiple_of(2) { &forwards } else { &customers };
        let action = ["enable", "disable", "end_sessions"][number % 3];
        bulk(app, json!({"action": action, "customers": list})).await
    };
    for response in futures_util::future::join_all((0..12).map(send)).await {
        assert_eq!((response.status, &response.data()["failed"]), (200, &json!(0)), "{response:?}");
    }
}

#[apply(on_both_databases!)]
async fn a_thousand_customers_change_at_once(app: &TestApp) {
    app.register("first@x.io").await;
    let uuids = app.copy_customer(&app.customers().await[0], 1000).await;
    let all = json!({"action": "disable", "filter": {"status": {"eq": 1}}, "expected_count": 1000});
    let refused = bulk(app, all).await;
    refused.assert_failure(400, "validation_failed");
    assert_eq!(refused.message(), "The filter finds 1001 customers; at most 1000 are changed at once");
    let response = bulk(app, json!({"action": "disable", "customers": uuids})).await;
    assert_eq!(response.data()["done"], 1000);
    assert_eq!(entries(app, EventKind::CustomerUpdated).await, 1000);
    // By the filter, as many as a request can change.
    let (enabled, disabled) = (json!({"status": {"eq": 1}}), json!({"status": {"eq": 0}}));
    let back = bulk(app, json!({"action": "enable", "filter": disabled, "expected_count": 1000})).await;
    assert_eq!(back.data()["done"], 1000);
    let found = bulk(app, json!({"action": "disable", "filter": enabled, "expected_count": 1})).await;
    found.assert_failure(400, "validation_failed");
}

/// Sets when the admin of every session last confirmed who it is.
async fn set_step_up(app: &TestApp, at: Option<chrono::DateTime<chrono::Utc>>) {
    let row = admin_session::ActiveModel { stepped_up_at: Set(at), ..Default::default() };
    admin_session::Entity::update_many().set(row).exec(app.app.db.writer()).await.unwrap();
}

/// An admin with a second factor has to confirm who it is before it deletes customers, and for no other action.
#[apply(on_both_databases!)]
async fn a_deletion_needs_a_step_up(app: &TestApp) {
    let customers = registered(app, 2).await;
    let admin = admin_user::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    let factor = admin_second_factor::ActiveModel {
        admin_user_id: Set(admin.admin_user_id),
        secret: Set(vec![1, 2, 3]),
        last_step: Set(0),
        created_at: Set(app.now()),
        confirmed_at: Set(Some(app.now())),
    };
    admin_second_factor::Entity::insert(factor).exec_without_returning(app.app.db.writer()).await.unwrap();
    set_step_up(app, None).await;
    let delete = json!({"action": "delete", "customers": customers});
    for key in ["k", "k", "other"] {
        keyed(app, key, &delete).await.assert_failure(403, "step_up_required");
    }
    // The same holds for those that a filter finds, also if it finds another number than expected.
    for expected in [2, 7] {
        let found = json!({"action": "delete", "filter": {"status": {"eq": 1}}, "expected_count": expected});
        bulk(app, found).await.assert_failure(403, "step_up_required");
    }
    assert_eq!(customer::Entity::find().count(app.app.db.writer()).await.unwrap(), 2);
    bulk(app, json!({"action": "disable", "customers": customers})).await.data();
    // The refusal is not stored for the key.
    set_step_up(app, Some(app.now())).await;
    assert_eq!(keyed(app, "k", &delete).await.data()["done"], 2);
    set_step_up(app, Some(app.now() - chrono::TimeDelta::minutes(11))).await;
    bulk(app, delete).await.assert_failure(403, "step_up_required");
}
