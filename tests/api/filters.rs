//! The filters of `customers` and `customerGroups`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Admin, TestApp, apply, on_both_databases};

const QUERY: &str = "query ($f: [FilterInput]) { customers(filters: $f) { total currentPage items { fullName } currentFilters { key operation value } } }";

/// Creates Ann, Bob, Cid and Dan, a day apart. Bob is disabled, Cid is in group 2.
async fn create_customers(app: &TestApp) {
    use sea_orm::{ActiveModelTrait, ActiveValue::Set};
    let now = app.now();
    let group = patron::entity::customer_group::ActiveModel {
        uuid: Set(app.app.random.uuid()),
        group_name: Set("VIP".to_owned()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    group.insert(app.app.db.writer()).await.unwrap();
    for (name, email, status, group_id) in [
        ("Ann O'Hara", "zoe@example.com", 1, 1),
        ("Bob 100% Smith", "bob_1@example.com", 0, 1),
        ("Cid \\ Smith", "Cid@Other.org", 1, 2),
        ("Dan", "bobx1@example.com", 1, 1),
    ] {
        let body = json!({"full_name": name, "email": email, "password": "correct horse", "status": status, "group_id": group_id});
        assert_eq!(app.log_in_admin().await.post("/api/customers", &body).await.status, 201);
        app.app.clock.advance(TimeDelta::days(1));
    }
}

fn filter(key: &str, operation: &str, value: impl Into<Value>) -> Value {
    json!({"key": key, "operation": operation, "value": value.into()})
}

/// The initials of the customers that the filters find, and the total.
async fn search(admin: &Admin<'_>, filters: &[Value]) -> (String, i64) {
    let response = admin.query_with(QUERY, json!({"f": filters})).await;
    let customers = response.data()["customers"].clone();
    let names: Vec<String> = customers["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["fullName"].as_str().unwrap()[..1].to_owned())
        .collect();
    (names.concat(), customers["total"].as_i64().unwrap())
}

#[apply(on_both_databases!)]
async fn every_key_and_operation_matches(app: &TestApp) {
    create_customers(app).await;
    let admin = app.log_in_admin().await;
    for (filters, expected) in [
        (vec![], "DCBA"),
        (vec![filter("keyword", "eq", "smith")], "CB"),
        (vec![filter("keyword", "eq", "EXAMPLE.com")], "DBA"),
        (vec![filter("keyword", "eq", "100%")], "B"),
        (vec![filter("keyword", "eq", "\\")], "C"),
        (vec![filter("keyword", "eq", "o'h")], "A"),
        (vec![filter("keyword", "eq", "' OR 1=1 --")], ""),
        (vec![filter("full_name", "like", "SMITH")], "CB"),
        (vec![filter("full_name", "like", "%")], "B"),
        (vec![filter("full_name", "nlike", "smith")], "DA"),
        (vec![filter("email", "eq", "CID@other.org")], "C"),
        (vec![filter("email", "eq", "no address")], ""),
        (vec![filter("email", "like", "bob_")], "B"),
        (vec![filter("email", "like", "b%@EXAMPLE.com")], "DB"),
        (vec![filter("email", "like", "%.org")], "C"),
        (vec![filter("email", "nlike", "bob")], "CA"),
        (vec![filter("status", "eq", "0")], "B"),
        (vec![filter("status", "eq", 1)], "DCA"),
        (vec![filter("group_id", "eq", 2)], "C"),
        (vec![filter("group_id", "in", "2, 1")], "DCBA"),
        (vec![filter("group_id", "in", "2,3")], "C"),
        (vec![filter("created_at", "gt", "2026-01-03T03:04:05.678Z")], "DC"),
        (vec![filter("created_at", "gteq", "2026-01-03T03:04:05.678Z")], "DCB"),
        (vec![filter("created_at", "lt", "2026-01-03T04:04:05.678+01:00")], "A"),
        (vec![filter("created_at", "lteq", "2026-01-03 03:04:05.678")], "BA"),
        (vec![filter("created_at", "gteq", "2026-01-03"), filter("created_at", "lt", "2026-01-05")], "CB"),
        (vec![filter("keyword", "eq", "smith"), filter("status", "eq", "1")], "C"),
        (vec![filter("ob", "eq", "name")], "ABCD"),
        (vec![filter("ob", "eq", "name"), filter("od", "eq", "DESC")], "DCBA"),
        (vec![filter("ob", "eq", "email")], "BDCA"),
        (vec![filter("ob", "eq", "status")], "BACD"),
        (vec![filter("ob", "eq", "created_at"), filter("od", "eq", "desc")], "DCBA"),
        (vec![filter("od", "eq", "asc")], "ABCD"),
    ] {
        let (names, total) = search(&admin, &filters).await;
        assert_eq!(
            (names.as_str(), total),
            (expected, i64::try_from(expected.len()).unwrap()),
            "{filters:?}"
        );
    }
}

#[apply(on_both_databases!)]
async fn results_are_paged(app: &TestApp) {
    create_customers(app).await;
    let admin = app.log_in_admin().await;
    for (page, expected) in [(1, "DC"), (2, "BA"), (3, ""), (i32::MAX.unsigned_abs(), "")] {
        let filters = [filter("limit", "eq", 2), filter("page", "eq", page)];
        assert_eq!(search(&admin, &filters).await, (expected.to_owned(), 4), "page {page}");
    }
}

#[apply(on_both_databases!)]
async fn current_filters_are_returned(app: &TestApp) {
    let filters = json!([filter("keyword", "eq", "x"), null, filter("page", "eq", "2")]);
    let response = app.admin().query_with(QUERY, json!({"f": filters})).await;
    assert_eq!(
        response.data()["customers"],
        json!({
            "total": 0, "currentPage": 2, "items": [],
            "currentFilters": [{"key": "keyword", "operation": "eq", "value": "x"}, {"key": "page", "operation": "eq", "value": "2"}],
        })
    );
}

#[apply(on_both_databases!)]
async fn invalid_filters_are_named(app: &TestApp) {
    app.register("a@x.io").await;
    for (filter, words) in [
        (filter("colour", "eq", "red"), ["\"colour\"", "keyword"]),
        (filter("status", "like", "1"), ["\"like\"", "eq"]),
        (filter("status", "eq", "7"), ["\"status\"", "\"7\""]),
        (filter("status", "eq", Value::Null), ["\"status\"", "0 or 1"]),
        (filter("group_id", "eq", "x"), ["\"group_id\"", "\"x\""]),
        (filter("group_id", "in", "1,,2"), ["\"group_id\"", "\"1,,2\""]),
        (filter("group_id", "eq", "99999999999"), ["\"group_id\"", "\"99999999999\""]),
        (filter("created_at", "gt", "yesterday"), ["\"created_at\"", "\"yesterday\""]),
        (filter("created_at", "gt", "+262142-01-01T00:00:00Z"), ["\"created_at\"", "262142"]),
        (filter("created_at", "eq", "2026-01-02"), ["\"eq\"", "gteq"]),
        (filter("ob", "eq", "password"), ["\"ob\"", "created_at"]),
        (filter("od", "eq", "up"), ["\"od\"", "desc"]),
        (filter("page", "eq", "0"), ["\"page\"", "from 1"]),
        (filter("page", "eq", "2147483648"), ["\"page\"", "2147483647"]),
        (filter("page", "eq", "-1"), ["\"page\"", "\"-1\""]),
        (filter("page", "eq", "99999999999999999999"), ["\"page\"", "whole number"]),
        (filter("limit", "eq", "10000"), ["\"limit\"", "100"]),
        (filter("limit", "eq", "0"), ["\"limit\"", "from 1 to 100"]),
        (filter("limit", "eq", "many"), ["\"limit\"", "\"many\""]),
        (filter("limit", "gt", "1"), ["\"limit\"", "\"gt\""]),
        (filter("keyword", "eq", "a\0b"), ["\"keyword\"", "NUL"]),
    ] {
        let response = app.admin().query_with(QUERY, json!({"f": [filter]})).await;
        assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{filter}: {response:?}");
        let message = response.body["errors"][0]["message"].as_str().unwrap();
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
        assert_eq!(response.body["errors"][0]["extensions"]["details"][0]["field"], filter["key"]);
    }
}

#[apply(on_both_databases!)]
async fn filters_are_limited(app: &TestApp) {
    let many = vec![filter("status", "eq", "1"); 51];
    for (filters, words) in [
        (json!(many), "At most 50 filters"),
        (json!([filter("full_name", "like", "a".repeat(1001))]), "at most 1000 characters"),
        (json!([filter("group_id", "in", vec!["1"; 1000].join(","))]), "at most 1000 characters"),
    ] {
        let response = app.admin().query_with(QUERY, json!({"f": filters})).await;
        assert_eq!(response.graphql_code(), "VALIDATION_FAILED");
        assert!(response.text.contains(words), "{words}: {response:?}");
    }
    let largest =
        [filter("full_name", "like", "%_".repeat(500)), filter("group_id", "in", vec!["1"; 500].join(","))];
    assert_eq!(app.admin().query_with(QUERY, json!({"f": largest})).await.data()["customers"]["total"], 0);
}

/// E-mail addresses are matched by their key, so case is ignored outside ASCII too.
#[apply(on_both_databases!)]
async fn email_filters_ignore_case(app: &TestApp) {
    app.register("Jörg@x.io").await;
    for (key, operation) in [("email", "like"), ("keyword", "eq")] {
        for part in ["JÖR", "jo\u{308}r", "rG@X"] {
            let response = app.admin().query_with(QUERY, json!({"f": [filter(key, operation, part)]})).await;
            assert_eq!(response.data()["customers"]["total"], 1, "{key} {part}");
        }
    }
}

#[apply(on_both_databases!)]
async fn groups_can_be_filtered(app: &TestApp) {
    create_customers(app).await;
    let admin = app.log_in_admin().await;
    for (filters, expected) in [
        (json!([]), json!(["VIP", "Default"])),
        (json!([filter("group_name", "like", "vi")]), json!(["VIP"])),
        (json!([filter("group_name", "eq", "Default")]), json!(["Default"])),
        (json!([filter("group_name", "nlike", "vi")]), json!(["Default"])),
        (
            json!([filter("ob", "eq", "name"), filter("limit", "eq", 1), filter("page", "eq", 2)]),
            json!(["VIP"]),
        ),
    ] {
        let query = "query ($f: [FilterInput]) { customerGroups(filters: $f) { total items { groupName } } }";
        let response = admin.query_with(query, json!({"f": filters})).await;
        let items = response.data()["customerGroups"]["items"].clone();
        let names: Vec<Value> =
            items.as_array().unwrap().iter().map(|item| item["groupName"].clone()).collect();
        assert_eq!(json!(names), expected, "{filters}");
    }
}
