//! Numbers and timestamps are stored exactly as they were sent, alike on both databases, or are refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

/// Sends a body whose numbers are written as in this text.
async fn patch(app: &TestApp, path: &str, body: String) -> TestResponse {
    let admin = app.admin();
    let request = admin.request(Method::PATCH, path).header("content-type", "application/json");
    admin.send(request.body(body)).await
}

/// The stored free-form data, as GraphQL writes it.
async fn meta_data(app: &TestApp, row: &Value) -> String {
    let response = app.admin().query(&format!("{{ customer(id: {}) {{ metaData }} }}", row["uuid"])).await;
    response.data();
    let (_, text) = response.text.split_once("\"metaData\":").expect("an admin sees free-form data");
    text.split_once("}}}").expect("the data ends the response").0.to_owned() + "}"
}

#[apply(on_both_databases!)]
async fn numbers_that_can_be_kept_come_back_as_they_were_sent(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let path = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let sent = "0, -0.0, 1.0, 1e3, 9007199254740993, 18446744073709551615, -9223372036854775808, 1e16, \
         1152921504606847000.0, 1.5e-7, 0.1, 0.30000000000000004, 1e20, 123456789012345680000, 100000000000000000000000.0, \
         5e-324, 1.7976931348623157e308";
    let stored = json!({"n": [
        0, 0, 1, 1000, 9_007_199_254_740_993_u64, u64::MAX, i64::MIN, 10_000_000_000_000_000_u64,
        1_152_921_504_606_847_000_u64, 1.5e-7, 0.1, 0.300_000_000_000_000_04, 1e20, 123_456_789_012_345_680_000.0, 1e23,
        5e-324, f64::MAX,
    ]});
    let body = format!("{{\"meta_data\": {{\"n\": [{sent}]}}}}");
    assert_eq!(patch(app, &path, body.clone()).await.data()["version"], 2);
    assert_eq!(meta_data(app, &row).await, stored.to_string());
    // The same numbers change nothing, whatever their form in the database.
    assert_eq!(patch(app, &path, body).await.data()["version"], 2);
    assert_eq!(patch(app, &path, json!({"meta_data": stored}).to_string()).await.data()["version"], 2);
}

#[apply(on_both_databases!)]
async fn numbers_that_would_be_rounded_are_refused(app: &TestApp) {
    let definition =
        json!({"ownerType": "customer", "fieldKey": "score", "name": "Score", "fieldType": "number"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    let row = app.register("a@x.io").await;
    let before = app.customers().await;
    let path = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    for number in [
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "9007199254740993.0",
        "0.1000000000000000055",
        "3.14159265358979323846",
        "1e-400",
    ] {
        let expected = format!("The number {number} can't be kept exactly");
        for (field, path, body) in [
            ("meta_data", path.clone(), format!("{{\"meta_data\": {{\"a\": [{{\"b\": {number}}}]}}}}")),
            (
                "metafields",
                format!("{path}/metafields"),
                format!("{{\"metafields\": {{\"custom\": {{\"score\": {number}}}}}}}"),
            ),
        ] {
            let response = patch(app, &path, body).await;
            response.assert_failure(400, "validation_failed");
            let (name, message) = response.details()[0];
            assert!(name == field && message.starts_with(&expected), "{number}: {name}: {message}");
        }
    }
    let response = patch(app, &path, "{\"meta_data\": {\"a\": 1e400}}".to_owned()).await;
    response.assert_failure(400, "malformed_json");
    // What is not stored is ignored, whether valid or not.
    patch(app, &path, "{\"unknown\": [1e-400, 123456789012345678901]}".to_owned()).await.data();
    assert_eq!(app.customers().await, before);
    // In a string the digits are kept.
    let text = "{\"meta_data\":{\"a\":\"123456789012345678901234567890\"}}";
    patch(app, &path, text.to_owned()).await.data();
    assert_eq!(meta_data(app, &row).await, "{\"a\":\"123456789012345678901234567890\"}");
}

/// Neither database stores them, and JavaScript does not parse them.
#[apply(on_both_databases!)]
async fn leap_seconds_are_refused(app: &TestApp) {
    app.register("a@x.io").await;
    let admin = app.admin();
    let search = async |time: &str| {
        let filter = json!({"createdAt": {"gt": time}});
        let with_variable =
            "query ($f: CustomerFilter) { customersConnection(first: 1, filter: $f) { totalCount } }";
        let literal = format!(
            "{{ customersConnection(first: 1, filter: {{createdAt: {{gt: \"{time}\"}}}}) {{ totalCount }} }}"
        );
        let list = "query ($f: [FilterInput]) { customers(filters: $f) { total } }";
        let list_filter = json!([{"key": "created_at", "operation": "gt", "value": time}]);
        [
            admin.query_with(with_variable, json!({"f": filter})).await,
            admin.query(&literal).await,
            admin.query_with(list, json!({"f": list_filter})).await,
        ]
    };
    for time in ["2016-12-31T23:59:60Z", "2017-01-01T00:59:60.5+01:00"] {
        for response in search(time).await {
            let error = response.body["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(error.contains("leap second"), "{time}: {response:?}");
        }
        let export = admin.request(Method::GET, "/api/customers/export");
        let filter = json!({"createdAt": {"gt": time}}).to_string();
        let response = admin.send(export.query(&[("filter", filter.as_str())])).await;
        response.assert_failure(400, "validation_failed");
        let message = "The value must not be a leap second: write second 59 instead of 60";
        assert_eq!(response.details(), [("filter.createdAt.gt", message)]);
    }
    let date_picker = json!([{"key": "created_at", "operation": "gt", "value": "2016-12-31 23:59:60"}]);
    let list = "query ($f: [FilterInput]) { customers(filters: $f) { total } }";
    let response = admin.query_with(list, json!({"f": date_picker})).await;
    assert!(response.text.contains("leap second"), "{response:?}");
    for response in search("2016-12-31T23:59:59.999Z").await {
        assert!(response.body["errors"].is_null(), "{response:?}");
    }
}
