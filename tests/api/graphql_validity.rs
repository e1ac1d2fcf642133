//! Documents are validated and variables are coerced as the specification says. An invalid request is never executed.
//! `tests/program/reference.rs` compares the results with the reference implementation, request by request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

async fn post_newer_type(app: &TestApp, query: &str, variables: &Value) -> TestResponse {
    let admin = app.admin();
    let request =
        admin.request(Method::POST, "/api/graphql").header("accept", "application/graphql-response+json");
    admin.send(request.json(&json!({"query": query, "variables": variables}))).await
}

/// The request is refused before execution: 400 without `data`, with a location.
async fn assert_refused(app: &TestApp, query: &str, variables: Value, words: &str) {
    let response = post_newer_type(app, query, &variables).await;
    assert_eq!(
        (response.status, response.body.get("data")),
        (400, None),
        "{query} {variables}: {response:?}"
    );
    assert_eq!(response.graphql_code(), "GRAPHQL_VALIDATION_FAILED", "{query} {variables}: {response:?}");
    let error = &response.body["errors"][0];
    assert!(error["message"].as_str().is_some_and(|text| text.contains(words)), "{words}: {response:?}");
    assert!(error["locations"][0]["line"].is_u64(), "{response:?}");
}

async fn data(app: &TestApp, query: &str, variables: Value) -> Value {
    post_newer_type(app, query, &variables).await.data()
}

/// A null filter would mean no filter and list all customers.
#[apply(on_both_databases!)]
async fn null_and_missing_non_null_variables_are_refused(app: &TestApp) {
    app.register("a@x.io").await;
    let query =
        "query ($email: String!) { customersConnection(filter: {email: {eq: $email}}) { totalCount } }";
    assert_refused(app, query, json!({"email": null}), "$email` is null").await;
    assert_refused(app, query, json!({}), "$email` of the type `String!` has no value").await;
    assert_refused(app, query, json!({"email": 5}), "$email` is a number; it has to be `String`").await;
    assert_eq!(data(app, query, json!({"email": "b@x.io"})).await["customersConnection"]["totalCount"], 0);
    let list = "query ($f: [FilterInput!]!) { customers(filters: $f) { total } }";
    assert_refused(app, list, json!({"f": [{"key": "email", "operation": "eq"}, null]}), "$f[1]` is null")
        .await;
    assert_refused(
        app,
        list,
        json!({"f": {"operation": "eq"}}),
        "$f.key` of the type `String!` has no value",
    )
    .await;
    assert_refused(app, list, json!({"f": [{"key": "email", "operation": "is"}]}), "one of eq, neq").await;
    assert_refused(
        app,
        list,
        json!({"f": [{"key": "email", "operation": "eq", "mail": 1}]}),
        "$f[0].mail` is not a field of",
    )
    .await;
    let missing = "query ($t: Boolean!) { countries(countries: [\"DE\"]) { name @include(if: $t) } }";
    assert_refused(app, missing, json!({}), "$t` of the type `Boolean!` has no value").await;
}

#[apply(on_both_databases!)]
async fn all_variable_errors_are_reported_at_once(app: &TestApp) {
    let query = "query ($a: Int!, $b: [String!]) { customersConnection(first: $a, filter: {email: {in: $b}}) { totalCount } }";
    let response = post_newer_type(app, query, &json!({"a": "x", "b": [1, "y", 2]})).await;
    assert_eq!(response.body["errors"].as_array().map(Vec::len), Some(3), "{response:?}");
    let response = post_newer_type(app, query, &json!({"a": 1, "b": vec![1; 1000]})).await;
    assert_eq!(response.body["errors"].as_array().map(Vec::len), Some(100), "{response:?}");
}

#[apply(on_both_databases!)]
async fn defaults_apply(app: &TestApp) {
    for email in ["b@x.io", "a@x.io"] {
        app.register(email).await;
    }
    let query = "query ($t: Boolean = true) { countries(countries: [\"DE\"]) { name @include(if: $t) code @skip(if: $t) } }";
    assert_eq!(data(app, query, json!({})).await, json!({"countries": [{"name": "Germany"}]}));
    assert_eq!(data(app, query, json!({"t": false})).await, json!({"countries": [{"code": "DE"}]}));
    let by_url = app.anonymous().get("/api/graphql?query=query(%24t:Boolean=true)%7Bcountries(countries:%5B%22DE%22%5D)%7Bname@include(if:%24t)code@skip(if:%24t)%7D%7D").await;
    assert_eq!(by_url.data(), json!({"countries": [{"name": "Germany"}]}));
    let sorted = "query ($d: SortDirection) { customersConnection(first: 1, sort: [{field: EMAIL, direction: $d}]) { nodes { email } } }";
    for (variables, first) in
        [(json!({}), "a@x.io"), (json!({"d": "DESC"}), "b@x.io"), (json!({"d": "ASC"}), "a@x.io")]
    {
        assert_eq!(
            data(app, sorted, variables).await["customersConnection"]["nodes"],
            json!([{"email": first}])
        );
    }
    // An explicit null is an invalid direction: neither the default nor absent.
    let response = post_newer_type(app, sorted, &json!({"d": null})).await;
    assert!(response.status == 200 && !response.body["errors"][0]["path"].is_null(), "{response:?}");
    let whole = "query ($s: [CustomerSort!] = {field: EMAIL}) { customersConnection(first: 1, sort: $s) { nodes { email } } }";
    assert_eq!(
        data(app, whole, json!({})).await["customersConnection"]["nodes"],
        json!([{"email": "a@x.io"}])
    );
    let condition = post_newer_type(app, query, &json!({"t": null})).await;
    assert_eq!((condition.status, &condition.body["data"]), (200, &Value::Null), "{condition:?}");
}

#[apply(on_both_databases!)]
async fn fields_that_cannot_be_merged_are_refused(app: &TestApp) {
    for fields in [
        "nodes { group { a: uuid } group { a: groupName } }",
        "nodes { ...A ...B } } } fragment A on Customer { a: email } fragment B on Customer { ... { ... { a: fullName }",
        "nodes { metafields(namespace: \"a\") { key } metafields(namespace: \"b\") { key } }",
        "nodes { ... on Customer { a: email } ... on Customer { a: uuid } }",
    ] {
        assert_refused(app, &format!("{{ customersConnection(first: 1) {{ {fields} }} }}"), json!({}), "")
            .await;
    }
    let merged = "{ countries(countries: [\"DE\"]) { code ...A } countries(countries: [\"DE\"]) { name } } fragment A on Country { code name }";
    assert_eq!(data(app, merged, json!({})).await, json!({"countries": [{"code": "DE", "name": "Germany"}]}));
}

#[apply(on_both_databases!)]
async fn misplaced_values_are_refused(app: &TestApp) {
    for (query, words) in [
        ("query ($i: Int) { customer(email: $i) { uuid } }", "i"),
        (
            "query ($s: String) { customersConnection(filter: {email: {in: [$s]}}) { totalCount } }",
            "`$s` of the type `String`",
        ),
        (
            "query ($s: [String!]) { customersConnection(filter: {email: {eq: $s}}) { totalCount } }",
            "`$s` of the type `[String!]`",
        ),
        (
            "query ($k: String) { customers(filters: [{key: $k, operation: eq}]) { total } }",
            "`$k` of the type `String`",
        ),
        ("query ($id: Int = null) { customerGroup(id: $id) { uuid } }", "`$id` of the type `Int`"),
        ("{ customersConnection(sort: [{field: \"EMAIL\"}]) { totalCount } }", ""),
        ("{ customersConnection(filter: {keyword: \"a\", keyword: \"b\"}) { totalCount } }", "given twice"),
        (
            "query ($f: CustomerFilter = {keyword: \"a\", keyword: \"b\"}) { customersConnection(filter: $f) { totalCount } }",
            "given twice",
        ),
        ("{ customersConnection(filter: {createdAt: {gt: 2023}}) { totalCount } }", "RFC 3339"),
        ("query @skip(if: true) { __typename }", "skip"),
        ("{ __typename @deprecated }", "deprecated"),
        ("{ __typename @include }", ""),
        ("{ countries(countries: [1]) { code } }", ""),
    ] {
        assert_refused(app, query, json!({}), words).await;
    }
    // A variable that only a directive uses counts as used.
    assert_eq!(
        data(app, "query ($t: Boolean!) { __typename @include(if: $t) }", json!({"t": true})).await,
        json!({"__typename": "Query"})
    );
}

#[apply(on_both_databases!)]
async fn strings_and_numbers_are_coerced(app: &TestApp) {
    let filter = |value: &str| {
        format!(
            "{{ customers(filters: [{{key: \"keyword\", operation: eq, value: {value}}}]) {{ currentFilters {{ value }} }} }}"
        )
    };
    for (literal, value) in [
        (r#""\ud83d\ude00""#, "\u{1f600}"),
        (r#""\u00e9\n\"\\""#, "\u{e9}\n\"\\"),
        (r#""""a \""" b""""#, "a \"\"\" b"),
        ("\"\"\"\n    a\n      b\n  \"\"\"", "a\n  b"),
        ("-0", "0"),
        ("12345678901234567890", "12345678901234567890"),
    ] {
        let response = data(app, &filter(literal), json!({})).await;
        assert_eq!(response["customers"]["currentFilters"][0]["value"], value, "{literal}");
    }
    let by_variable = "query ($v: ID) { customers(filters: [{key: \"keyword\", operation: eq, value: $v}]) { currentFilters { value } } }";
    for (value, text) in [(json!("a"), "a"), (json!(7), "7"), (json!(7.0), "7")] {
        assert_eq!(
            data(app, by_variable, json!({"v": value})).await["customers"]["currentFilters"][0]["value"],
            text
        );
    }
    assert_refused(app, by_variable, json!({"v": true}), "$v` is a boolean").await;
    assert_refused(app, by_variable, json!({"v": 1.5}), "$v` is a number").await;
    let whole = "query ($n: Int) { customersConnection(first: $n) { totalCount } }";
    data(app, whole, json!({"n": 1.0})).await;
    for wrong in [json!(1.5), json!(2_147_483_648_i64), json!("1"), json!([1])] {
        assert_refused(app, whole, json!({"n": wrong}), "it has to be `Int`").await;
    }
}

#[apply(on_both_databases!)]
async fn the_operation_name_selects_the_operation(app: &TestApp) {
    let query = "query A { __typename } query B { countries(countries: [\"DE\"]) { code } }";
    let ask = async |name: Value| {
        app.anonymous().post("/api/graphql", &json!({"query": query, "operationName": name})).await
    };
    assert_eq!(ask(json!("B")).await.data(), json!({"countries": [{"code": "DE"}]}));
    for (name, words) in [
        (json!("C"), "no operation named `C`"),
        (json!(""), "several operations"),
        (Value::Null, "several operations"),
    ] {
        let response = ask(name).await;
        assert!(
            response.body["errors"][0]["message"].as_str().is_some_and(|text| text.contains(words)),
            "{response:?}"
        );
    }
    // An empty name means no name.
    let response = app
        .anonymous()
        .post("/api/graphql", &json!({"query": "query A { __typename }", "operationName": ""}))
        .await;
    assert_eq!(response.data(), json!({"__typename": "Query"}));
}

/// Introspection is on in this test, so errors may suggest names.
#[apply(on_both_databases!)]
async fn misspelled_names_get_suggestions(app: &TestApp) {
    for (query, meant) in [
        ("{ countries { nam } }", "did you mean `name`?"),
        ("{ countries(contries: [\"DE\"]) { name } }", "did you mean `countries`?"),
        ("{ ...A } fragment A on Query { countris { name } }", "did you mean `countries`?"),
    ] {
        assert_refused(app, query, json!({}), meant).await;
    }
}
