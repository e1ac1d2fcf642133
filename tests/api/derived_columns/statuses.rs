//! Statuses that patron does not know.

use serde_json::json;

use super::{
    CONNECTION, LIST, assert_login, assert_no_login, assert_walks_visit, change, connection, emails, execute,
    fill_all_in, hash, list, quoted, walk,
};
use crate::support::{Actor, TestApp, apply, on_both_databases};

/// Inserts a customer with this status.
async fn insert_with_status(app: &TestApp, email: &str, status: i16) {
    let (email, hash) = (quoted(email), quoted(&hash(app).await));
    let columns = "email, password, full_name, status";
    execute(app, &format!("INSERT INTO customer ({columns}) VALUES ({email}, {hash}, 'Odd', {status})"))
        .await;
}

/// SQLite stores values of any type in any column.
#[apply(on_both_databases!)]
async fn a_status_of_another_type_reads_as_disabled(app: &TestApp) {
    app.register("a@x.io").await;
    let values: &[&str] = if app.database.is_some() { &["32767"] } else { &["70000", "1.5", "'x'"] };
    for value in values {
        execute(app, &format!("UPDATE customer SET status = {value}")).await;
        let response = app.log_in_admin().await.query("{ customers { items { status } } }").await;
        assert_eq!(response.data()["customers"]["items"], json!([{"status": 0}]), "{value}");
        assert_no_login(app, "a@x.io").await;
    }
}

/// Every stored value except 1 reads as disabled.
#[apply(on_both_databases!)]
async fn an_unknown_status_reads_as_disabled(app: &TestApp) {
    app.register("on@x.io").await;
    app.register("off@x.io").await;
    assert_eq!(change(app, "off@x.io", &json!({"status": 0})).await.status, 200);
    insert_with_status(app, "seven@x.io", 7).await;
    insert_with_status(app, "minus@x.io", -1).await;
    fill_all_in(app).await;
    let (enabled, disabled, none) = (["on@x.io"], ["minus@x.io", "off@x.io", "seven@x.io"], [""; 0]);
    let all = ["minus@x.io", "off@x.io", "on@x.io", "seven@x.io"];
    let response = app.log_in_admin().await.query_with(LIST, json!({"f": []})).await;
    for row in response.data()["customers"]["items"].as_array().unwrap() {
        assert_eq!(row["status"], i32::from(row["email"] == "on@x.io"), "{row}");
    }
    let response = app.log_in_admin().await.query_with(CONNECTION, json!({})).await;
    for row in response.data()["customersConnection"]["nodes"].as_array().unwrap() {
        assert_eq!(row["status"], i32::from(row["email"] == "on@x.io"), "{row}");
    }
    for (value, expected) in [("0", &disabled[..]), ("1", &enabled[..])] {
        assert_eq!(
            list(app, json!([{"key": "status", "operation": "eq", "value": value}])).await,
            expected,
            "{value}"
        );
    }
    for (condition, expected) in [
        (json!({"eq": 0}), &disabled[..]),
        (json!({"in": [0]}), &disabled[..]),
        (json!({"lt": 1}), &disabled[..]),
        (json!({"lteq": 0}), &disabled[..]),
        (json!({"eq": 1}), &enabled[..]),
        (json!({"in": [1, 7, -1]}), &enabled[..]),
        (json!({"gt": 0}), &enabled[..]),
        (json!({"gteq": 1}), &enabled[..]),
        (json!({"in": [0, 1]}), &all[..]),
        (json!({"eq": 7}), &none[..]),
        (json!({"eq": -1}), &none[..]),
    ] {
        assert_eq!(connection(app, json!({"status": condition})).await, expected, "{condition}");
        let others: Vec<&str> = all.into_iter().filter(|email| !expected.contains(email)).collect();
        assert_eq!(connection(app, json!({"not": {"status": condition}})).await, others, "not {condition}");
    }
    for email in disabled {
        assert_no_login(app, email).await;
    }
    assert_login(app, "on@x.io").await;
}

#[apply(on_both_databases!)]
async fn walks_by_status_visit_unknown_statuses_once(app: &TestApp) {
    app.register("on@x.io").await;
    app.register("off@x.io").await;
    assert_eq!(change(app, "off@x.io", &json!({"status": 0})).await.status, 200);
    for (email, status) in [
        ("seven@x.io", 7),
        ("minus@x.io", -1),
        ("also-seven@x.io", 7),
        ("most@x.io", i16::MAX),
        ("least@x.io", i16::MIN),
    ] {
        insert_with_status(app, email, status).await;
    }
    fill_all_in(app).await;
    let all =
        ["also-seven@x.io", "least@x.io", "minus@x.io", "most@x.io", "off@x.io", "on@x.io", "seven@x.io"];
    assert_walks_visit(app, &all).await;
    for sort in [
        json!([{"field": "STATUS"}, {"field": "EMAIL", "direction": "DESC"}]),
        json!([{"field": "STATUS", "direction": "DESC"}, {"field": "CREATED_AT"}]),
        json!([{"field": "FULL_NAME"}, {"field": "STATUS"}]),
    ] {
        let mut walk = walk(app, &sort).await;
        walk.sort();
        assert_eq!(walk, all, "{sort}");
    }
    let (mut pages, admin) = (Vec::new(), app.log_in_admin().await);
    for page in 1..=all.len() {
        let filters = json!([{"key": "ob", "operation": "eq", "value": "status"}, {"key": "limit", "operation": "eq", "value": 1},
            {"key": "page", "operation": "eq", "value": page}]);
        pages.extend(emails(
            &admin.query_with(LIST, json!({"f": filters})).await.data()["customers"]["items"],
        ));
    }
    pages.sort();
    assert_eq!(pages, all);
}

#[apply(on_both_databases!)]
async fn an_admin_enables_a_customer_with_an_unknown_status(app: &TestApp) {
    app.register("on@x.io").await;
    for (email, status) in [("seven@x.io", 7), ("minus@x.io", -1)] {
        insert_with_status(app, email, status).await;
    }
    fill_all_in(app).await;
    for email in ["seven@x.io", "minus@x.io"] {
        let renamed = change(app, email, &json!({"full_name": "Renamed"})).await.data();
        assert_eq!((&renamed["status"], &renamed["full_name"]), (&json!(0), &json!("Renamed")));
        assert_eq!(change(app, email, &json!({"status": 0})).await.data()["status"], 0);
        assert_no_login(app, email).await;
        assert_eq!(change(app, email, &json!({"status": 1})).await.data()["status"], 1);
        assert_login(app, email).await;
        let row = app
            .log_in_admin()
            .await
            .query_with(
                "query ($email: String) { customer(email: $email) { status } }",
                json!({"email": email}),
            )
            .await;
        assert_eq!(row.data()["customer"]["status"], 1);
    }
    assert_eq!(list(app, json!([{"key": "status", "operation": "eq", "value": "0"}])).await, [""; 0]);
}
