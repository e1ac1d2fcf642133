//! `customersConnection`: filters, limits and cursors.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases};

const QUERY: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $filter: CustomerFilter, $sort: [CustomerSort!]) {
    customersConnection(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
        nodes { fullName } pageInfo { hasNextPage endCursor } totalCount } }";

/// Creates Ann, Bob, Cid, Dan and Éva, a day apart. Bob is disabled, Cid has no group, Dan is in group 2, and the
/// e-mail addresses of Ann and Cid are verified.
async fn create_customers(app: &TestApp) {
    use patron::entity::customer::{Column, Entity};
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    for (name, email, status, group_id) in [
        ("Ann O'Hara", "zoe@example.com", 1, 1),
        ("Bob 100% Smith", "bob_1@example.com", 0, 1),
        ("Cid \\ Smith", "Cid@Other.org", 1, 1),
        ("Dan", "bobx1@example.com", 1, 2),
        ("Éva", "JÖRG@x.io", 1, 1),
    ] {
        let body = json!({"full_name": name, "email": email, "password": "correct horse", "status": status, "group_id": group_id});
        assert_eq!(app.log_in_admin().await.post("/api/customers", &body).await.status, 201);
        app.app.clock.advance(chrono::TimeDelta::days(1));
    }
    let db = app.app.db.writer();
    let update = Entity::update_many().col_expr(Column::GroupId, Expr::value(None::<i32>));
    update.filter(Column::CustomerId.eq(3)).exec(db).await.unwrap();
    let update = Entity::update_many().col_expr(Column::EmailVerifiedAt, Expr::value(app.now()));
    update.filter(Column::CustomerId.is_in([1, 3])).exec(db).await.unwrap();
}

async fn assert_refused(app: &TestApp, variables: Value, field: &str, words: &str) {
    let response = app.admin().query_with(QUERY, variables.clone()).await;
    assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{variables}: {response:?}");
    let details = &response.body["errors"][0]["extensions"]["details"][0];
    assert_eq!(details["field"], field, "{variables}");
    assert!(details["message"].as_str().unwrap().contains(words), "{words}: {details}");
}

#[apply(on_both_databases!)]
async fn every_filter_condition_matches(app: &TestApp) {
    create_customers(app).await;
    let admin = app.log_in_admin().await;
    for (filter, expected) in [
        (json!({}), "ABCDÉ"),
        (json!({"status": {"eq": 0}}), "B"),
        (json!({"customerId": {"gt": 1, "lteq": 3}}), "BC"),
        (json!({"customerId": {"in": [1, 5, 99]}}), "AÉ"),
        (json!({"customerId": {"in": []}}), ""),
        (json!({"customerId": {"gteq": 4}}), "DÉ"),
        (json!({"customerId": {"lt": 2}}), "A"),
        (json!({"groupId": {"eq": 1}}), "ABÉ"),
        (json!({"not": {"groupId": {"eq": 1}}}), "CD"),
        (json!({"not": {"groupId": {"in": [1, 2]}}}), "C"),
        (json!({"fullName": {"eq": "DAN"}}), "D"),
        (json!({"fullName": {"in": ["dan", "éva", "Éva"]}}), "DÉ"),
        (json!({"fullName": {"contains": "SMITH"}}), "BC"),
        (json!({"fullName": {"contains": "%"}}), "B"),
        (json!({"fullName": {"contains": "\\"}}), "C"),
        (json!({"fullName": {"contains": "_"}}), ""),
        (json!({"fullName": {"startsWith": "ann o'h"}}), "A"),
        (json!({"fullName": {"startsWith": "smith"}}), ""),
        (json!({"email": {"eq": " CID@other.ORG"}}), "C"),
        (json!({"email": {"eq": "no address"}}), ""),
        (json!({"email": {"in": ["no address", "ZOE@example.com", "jörg@X.io"]}}), "AÉ"),
        (json!({"email": {"contains": "JÖ"}}), "É"),
        (json!({"email": {"contains": "b_1"}}), "B"),
        (json!({"email": {"startsWith": "BOB"}}), "BD"),
        (json!({"emailVerified": true}), "AC"),
        (json!({"emailVerified": false}), "BDÉ"),
        (json!({"createdAt": {"gt": "2026-01-03T03:04:05.678Z"}}), "CDÉ"),
        (
            json!({"createdAt": {"gteq": "2026-01-03T03:04:05.678Z", "lt": "2026-01-05T04:04:05.678+01:00"}}),
            "BC",
        ),
        (json!({"updatedAt": {"lteq": "2026-01-02T03:04:05.678Z"}}), "A"),
        (json!({"keyword": "smith"}), "BC"),
        (json!({"and": [{"keyword": "smith"}, {"not": {"status": {"eq": 0}}}]}), "C"),
        (json!({"or": [{"status": {"eq": 0}}, {"fullName": {"eq": "dan"}, "groupId": {"eq": 2}}]}), "BD"),
        (json!({"and": []}), "ABCDÉ"),
        (json!({"or": []}), ""),
        (json!({"not": {"or": []}}), "ABCDÉ"),
        (json!({"not": {}}), ""),
        (json!({"status": null, "email": {"eq": null}}), "ABCDÉ"),
    ] {
        let response =
            admin.query_with(QUERY, json!({"filter": filter, "sort": [{"field": "CUSTOMER_ID"}]})).await;
        let page = response.data()["customersConnection"].clone();
        let nodes = page["nodes"].as_array().unwrap();
        let names: String =
            nodes.iter().filter_map(|node| node["fullName"].as_str().unwrap().chars().next()).collect();
        assert_eq!(names, expected, "{filter}");
        assert_eq!(page["totalCount"], expected.chars().count(), "{filter}");
    }
}

#[apply(on_both_databases!)]
async fn filters_are_limited(app: &TestApp) {
    let deep = |depth: usize| (0..depth).fold(json!({"keyword": "x"}), |inner, _| json!({"not": inner}));
    let wide = |width: usize| json!({"or": vec![json!({"keyword": "x"}); width]});
    for (filter, words) in [
        (deep(10), "10 levels deep"),
        (deep(30), "10 levels deep"),
        (wide(100), "100 conditions"),
        (json!({"and": vec![json!({}); 500]}), "100 conditions"),
        (json!({"customerId": {"in": vec![1; 101]}}), "100 values"),
        (json!({"email": {"in": vec!["a@x.io"; 101]}}), "100 values"),
        (json!({"keyword": "a".repeat(1001)}), "1000 characters"),
        (json!({"fullName": {"in": ["a\0"]}}), "NUL"),
        (json!({"createdAt": {"gt": "0000-06-01T00:00:00Z"}}), "9999"),
    ] {
        assert_refused(app, json!({"filter": filter}), "filter", words).await;
    }
    for filter in
        [deep(9), wide(99), json!({"customerId": {"in": vec![1; 100]}}), json!({"keyword": "%_".repeat(500)})]
    {
        app.admin().query_with(QUERY, json!({"filter": filter})).await.data();
    }
    // Invalid timestamps and numbers that are too large for their type are refused before execution.
    for (filter, fields) in [
        (json!({"createdAt": {"gt": "yesterday"}}), ["createdAt", "gt"]),
        (json!({"status": {"eq": 99_999_999_999_i64}}), ["status", "eq"]),
    ] {
        let literal = fields
            .iter()
            .fold(filter.to_string(), |text, field| text.replace(&format!("\"{field}\""), field));
        let by_literal = format!("{{ customersConnection(filter: {literal}) {{ totalCount }} }}");
        for (query, variables) in [(QUERY, json!({"filter": filter})), (&by_literal, json!({}))] {
            let response = app.admin().query_with(query, variables).await;
            assert_eq!(
                (response.status, response.graphql_code()),
                (200, "GRAPHQL_VALIDATION_FAILED"),
                "{response:?}"
            );
            assert_eq!(response.body.get("data"), None, "{response:?}");
        }
    }
    // Refused when the request is parsed or validated.
    for filter in [deep(200), json!({"colour": "red"}), json!({"status": {"eq": "x"}})] {
        let response = app.admin().query_with(QUERY, json!({"filter": filter})).await;
        assert!(
            ["MALFORMED_JSON", "GRAPHQL_VALIDATION_FAILED"].contains(&response.graphql_code()),
            "{response:?}"
        );
    }
}

#[apply(on_both_databases!)]
async fn page_sizes_and_orders_are_validated(app: &TestApp) {
    for (variables, field, words) in [
        (json!({"first": -1}), "first", "from 0 to 100"),
        (json!({"first": 101}), "first", "from 0 to 100"),
        (json!({"last": -5}), "last", "from 0 to 100"),
        (json!({"last": 2147483647}), "last", "from 0 to 100"),
        (json!({"first": 1, "last": 1}), "last", "either"),
        (json!({"sort": [{"field": "EMAIL"}, {"field": "EMAIL", "direction": "DESC"}]}), "sort", "once"),
    ] {
        assert_refused(app, variables, field, words).await;
    }
    for variables in [
        json!({"first": 0}),
        json!({"first": 100}),
        json!({"last": 100}),
        json!({"first": null, "last": 1, "sort": []}),
    ] {
        app.admin().query_with(QUERY, variables).await.data();
    }
}

#[apply(on_both_databases!)]
async fn cursors_of_another_order_are_refused(app: &TestApp) {
    create_customers(app).await;
    let by_name = json!([{"field": "FULL_NAME"}]);
    let response = app.log_in_admin().await.query_with(QUERY, json!({"first": 1, "sort": by_name})).await;
    let cursor = response.data()["customersConnection"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{cursor}");
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&cursor).unwrap()).unwrap();
    let forged = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        URL_SAFE_NO_PAD.encode(text.replacen(from, to, 1))
    };
    let admin = app.log_in_admin().await;
    for (cursor, sort, words) in [
        (
            cursor.clone(),
            json!([{"field": "FULL_NAME", "direction": "DESC"}]),
            "cursor of the order FULL_NAME ASC, CUSTOMER_ID ASC, but the requested order is FULL_NAME DESC",
        ),
        (cursor.clone(), json!([]), "CUSTOMER_ID DESC"),
        (cursor.clone(), json!([{"field": "EMAIL"}]), "EMAIL ASC"),
        (forged("[1,", "[2,"), by_name.clone(), "another version"),
        (String::new(), by_name.clone(), "is not a valid cursor"),
        ("!".to_owned(), by_name.clone(), "is not a valid cursor"),
        (cursor[1..].to_owned(), by_name.clone(), "is not a valid cursor"),
        (URL_SAFE_NO_PAD.encode("{}"), by_name.clone(), "is not a valid cursor"),
        (URL_SAFE_NO_PAD.encode("[".repeat(10_000)), by_name.clone(), "is not a valid cursor"),
        (forged("\"Ann O'Hara\"", "1"), by_name.clone(), "is not a valid cursor"),
        (forged("\"Ann O'Hara\"", "null"), by_name.clone(), "is not a valid cursor"),
        (forged("Ann O'Hara", "a\\u0000"), by_name.clone(), "is not a valid cursor"),
        (forged(",1]]", ",\"1\"]]"), by_name.clone(), "is not a valid cursor"),
        (forged(",1]]", ",99999999999]]"), by_name.clone(), "is not a valid cursor"),
        (forged(",1]]", "]]"), by_name.clone(), "is not a valid cursor"),
        (forged(",1]]", ",1,1]]"), by_name.clone(), "is not a valid cursor"),
    ] {
        for name in ["after", "before"] {
            let response = admin.query_with(QUERY, json!({name: cursor, "sort": sort})).await;
            assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{cursor}: {response:?}");
            let details = &response.body["errors"][0]["extensions"]["details"][0];
            assert_eq!(details["field"], name);
            assert!(details["message"].as_str().unwrap().contains(words), "{words}: {details}");
        }
    }
    // A cursor is data, not a statement.
    let odd = forged("Ann O'Hara", "' OR 1=1 --");
    let page = admin.query_with(QUERY, json!({"after": odd, "sort": by_name})).await.data();
    assert_eq!(page["customersConnection"]["nodes"][0]["fullName"], "Ann O'Hara");
}

#[apply(on_both_databases!)]
async fn the_query_cost_counts_rows(app: &TestApp) {
    let page = |n: usize, first: usize| {
        format!(
            "p{n}: customersConnection(first: {first}) {{ nodes {{ uuid email fullName addresses {{ city }} }} }}"
        )
    };
    let query =
        |first: usize| format!("{{ {} }}", (0..30).map(|n| page(n, first)).collect::<Vec<_>>().join(" "));
    assert!(app.admin().query(&query(100)).await.text.contains("too complex"));
    app.admin().query(&query(1)).await.data();
}
