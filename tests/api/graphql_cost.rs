//! The cost of one document: names, errors and the response are bounded, even if fragments and variables multiply them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

/// An upper bound for the size of a refusal, in bytes.
const SMALL: usize = 100_000;

#[track_caller]
fn assert_refused(response: &TestResponse, words: &str) {
    let message = response.body["errors"][0]["message"].as_str().unwrap_or_default();
    let bytes = response.text.len();
    assert!(bytes < SMALL, "{bytes} bytes");
    assert_eq!((response.graphql_code(), response.body.get("data")), ("QUERY_TOO_LARGE", None), "{message}");
    assert!(message.contains(words), "{words}: {message}");
}

/// The response exceeded its limit during execution: `data` is null.
#[track_caller]
fn assert_too_large(response: &TestResponse) {
    let bytes = response.text.len();
    assert!(bytes < SMALL, "{bytes} bytes");
    assert_eq!((response.status, response.graphql_code()), (200, "ANSWER_TOO_LARGE"), "{response:?}");
    assert_eq!(response.body.get("data"), Some(&Value::Null));
    assert!(response.text.contains("PATRON_GRAPHQL_MAX_ANSWER_BYTES"));
}

async fn by_url(app: &TestApp, query: &str) -> TestResponse {
    let actor = app.anonymous();
    actor.send(actor.request(Method::GET, "/api/graphql").query(&[("query", query)])).await
}

async fn with_response_limit(app: &TestApp, bytes: &str) -> TestApp {
    app.another_with(|flags| {
        flags.with("PATRON_GRAPHQL_MAX_ANSWER_BYTES", bytes).with("PATRON_GRAPHQL_BATCH", "5")
    })
    .await
}

#[apply(on_both_databases!)]
async fn names_have_at_most_128_characters(app: &TestApp) {
    let name = |length: usize| "A".repeat(length);
    let forms = [
        "{ countries { provinces { A: name } } }",
        "{ A: __typename }",
        "{ __schema { types { A: name } } }",
        "{ __type(name: \"Query\") { fields { A: name } } }",
        "query A { __typename }",
        "query ($A: [String]) { countries(countries: $A) { code } }",
        "{ ...A } fragment A on Query { __typename }",
    ];
    for form in forms {
        let query = |length| form.replace('A', &name(length));
        let app = app.anonymous();
        app.query(&query(128)).await.data();
        for length in [129, 250_000] {
            // Two of the forms contain the name twice.
            let length = length.min(120_000);
            assert_refused(&app.query(&query(length)).await, "at most 128");
        }
    }
    let response = app.anonymous().query(&forms[0].replace('A', &name(250_000))).await;
    assert_refused(&response, "A name in the document has 250000 characters");
    // Errors would repeat unknown names.
    for form in ["{ A }", "{ countries(A: 1) { code } }", "{ __typename @A }", "{ ... on A { __typename } }"]
    {
        assert_refused(&app.anonymous().query(&form.replace('A', &name(30_000))).await, "at most 128");
    }
    let response = by_url(app, &forms[0].replace('A', &name(30_000))).await;
    assert_refused(&response, "at most 128");
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let request = app
        .anonymous()
        .request(Method::POST, "/api/graphql")
        .header("accept", "application/graphql-response+json");
    let response = app
        .anonymous()
        .send(request.json(&json!({"query": format!("{{ {}: __typename }}", name(129))})))
        .await;
    assert_eq!((response.status, response.graphql_code()), (400, "QUERY_TOO_LARGE"));
}

/// Without a limit, a request of 140 KiB once caused a response of 477 MiB.
#[apply(on_both_databases!)]
async fn errors_shared_by_operations_are_bounded(app: &TestApp) {
    let variable = "v".repeat(120_000);
    for (operations, name, words) in [
        (3000, "v", "at most 100"),
        (100, &*variable, "at most 128"),
        (101, "v", "101 operations; at most 100"),
    ] {
        let operations: Vec<String> = (0..operations).map(|n| format!("query q{n}{{...F}}")).collect();
        let query = format!(
            "{} fragment F on Query {{ countries(countries: [${name}]) {{ code }} }}",
            operations.join(" ")
        );
        assert_refused(
            &app.anonymous().query(&query).await,
            if operations.len() == 3000 { "tokens" } else { words },
        );
    }
    let operations: Vec<String> = (0..100).map(|n| format!("query q{n} {{ __typename }}")).collect();
    let body = json!({"query": operations.join(" "), "operationName": "q99"});
    app.anonymous().post("/api/graphql", &body).await.data();
    // As many errors as possible.
    let variable = "v".repeat(127);
    for uses in [1, 20, 40] {
        let uses: Vec<String> =
            (0..uses).map(|n| format!("countries(countries: [${variable}{}]) {{ code }}", n % 10)).collect();
        let operations: Vec<String> = (0..100).map(|n| format!("query q{n} {{ ...F }}")).collect();
        let response = app
            .anonymous()
            .query(&format!("{} fragment F on Query {{ {} }}", operations.join(" "), uses.join(" ")))
            .await;
        let errors = response.body["errors"].as_array().unwrap();
        assert!(errors.len() <= 100 && response.text.len() < SMALL, "{} bytes", response.text.len());
    }
}

#[apply(on_both_databases!)]
async fn a_response_has_at_most_100_errors(app: &TestApp) {
    let unknown: Vec<String> = (0..1900).map(|n| format!("{}{n}", "u".repeat(120))).collect();
    for query in
        [format!("{{ {} }}", unknown.join(" ")), format!("{{ currentCustomer {{ {} }} }}", unknown.join(" "))]
    {
        let response = app.anonymous().query(&query).await;
        assert_eq!(response.graphql_code(), "GRAPHQL_VALIDATION_FAILED");
        let errors = response.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 100);
        let longest = errors.iter().map(|error| error["message"].as_str().unwrap().chars().count()).max();
        assert!(longest <= Some(513), "{longest:?}");
    }
    // Field errors are limited too: each of these fields is for admins.
    let customer = app.customer("a@x.io").await;
    let fields: String = (0..99).map(|n| format!("a{n}: metaData ")).collect();
    let others = "customer(id: \"x\") { uuid } customerGroup(id: 1) { uuid }";
    let response = customer.query(&format!("{{ currentCustomer {{ {fields} }} {others} }}")).await;
    assert_eq!(response.body["errors"].as_array().unwrap().len(), 100);
}

#[apply(on_both_databases!)]
async fn long_messages_are_truncated(app: &TestApp) {
    let long = "ü".repeat(50_000);
    let unknown_field = json!({"query": "query ($f: CustomerFilter) { customersConnection(filter: $f) { totalCount } }", "variables": {"f": {&*long: 1}}});
    let unknown_value = json!({"query": "query ($f: [FilterInput]) { customers(filters: $f) { total } }",
        "variables": {"f": [{"key": "keyword", "operation": long}]}});
    let unknown_key = json!({"query": "query ($f: [FilterInput]) { customers(filters: $f) { total } }",
        "variables": {"f": [{"key": long, "operation": "eq", "value": "x"}]}});
    let unknown_operation = json!({"query": "{ __typename }", "operationName": long});
    let wrong_type = json!({"query": "{ __typename }", "variables": long});
    let parse = json!({"query": format!("{{ countries(countries: [\"{long}\" ) {{ code }} }}")});
    for body in [unknown_field, unknown_value, unknown_key, unknown_operation, wrong_type, parse] {
        let response = app.admin().post("/api/graphql", &body).await;
        assert!(
            !response.graphql_code().is_empty() && response.text.len() < 3000,
            "{} bytes: {}",
            response.text.len(),
            response.graphql_code()
        );
    }
    // Many uses of a long variable are refused before messages are built.
    let uses = "customersConnection(filter: $f) { totalCount } ".repeat(1000);
    let body =
        json!({"query": format!("query ($f: CustomerFilter) {{ {uses} }}"), "variables": {"f": {&*long: 1}}});
    assert_refused(&app.admin().post("/api/graphql", &body).await, "fragments and variables in place");
}

/// Each use of a variable copies its value, and each spread of a fragment is validated again.
#[apply(on_both_databases!)]
async fn uses_of_fragments_and_variables_are_bounded(app: &TestApp) {
    let list = json!({"c": vec!["DE"; 40_000]});
    let uses = |uses: usize| {
        format!("query ($c: [String]) {{ {} }}", "countries(countries: $c) { code } ".repeat(uses))
    };
    assert_eq!(
        app.anonymous().query_with(&uses(1), list.clone()).await.data()["countries"],
        json!([{"code": "DE"}])
    );
    assert_refused(
        &app.anonymous().query_with(&uses(3), list.clone()).await,
        "fragments and variables in place",
    );
    assert_refused(&app.anonymous().query_with(&uses(300), list).await, "fragments and variables in place");
    let default = format!(
        "query ($c: [String] = [{}]) {{ {} }}",
        "\"\" ".repeat(7000),
        "countries(countries: $c) { code } ".repeat(500)
    );
    assert_refused(&app.anonymous().query(&default).await, "fragments and variables in place");
    // None of these has many fields.
    let nowhere = format!(
        "{{ {} }} fragment F on Query {{ {} }}",
        "... { ...F } ".repeat(1000),
        "...Nowhere ".repeat(3000)
    );
    assert_refused(&app.anonymous().query(&nowhere).await, "fragments and variables in place");
    let directives = format!("{{ __typename {} }}", "@x ".repeat(7000));
    assert_refused(&app.anonymous().query(&directives).await, "fragments and variables in place");
    let values = format!("{{ countries(countries: [{}]) {{ code }} }}", "$a ".repeat(7000));
    assert_refused(&app.anonymous().query(&values).await, "fragments and variables in place");
    assert_refused(&app.anonymous().query(&format!("{{ {} }}", "a ".repeat(100_000))).await, "15000 tokens");
    let nested: Vec<String> = (0..60)
        .map(|n| format!("fragment f{n} on Query {{ {} }}", format!("...f{} ", n + 1).repeat(9)))
        .collect();
    let nested = format!("{{ ...f0 }} {} fragment f60 on Query {{ __typename }}", nested.join(" "));
    assert_refused(&app.anonymous().query(&nested).await, "fields");
}

#[apply(on_both_databases!)]
async fn a_response_is_no_larger_than_the_setting(app: &TestApp) {
    let app = with_response_limit(app, "20000").await;
    let small = "{ countries { code } }";
    app.anonymous().query(small).await.data();
    // Twice, because an error is never cached.
    for _ in 0..2 {
        for query in ["{ countries { a: code b: code c: code } }", "{ countries { provinces { code } } }"] {
            assert_too_large(&app.anonymous().query(query).await);
            let response = by_url(&app, query).await;
            assert_too_large(&response);
            assert_eq!((response.header("cache-control"), response.header("etag")), (Some("no-store"), None));
        }
    }
    // Equal fields are merged, so they count once.
    app.anonymous().query(&format!("{{ {} }}", "countries { code } ".repeat(4))).await.data();
    assert_too_large(
        &app.anonymous().query("{ countries { code } a: countries { code } b: countries { code } }").await,
    );
    assert_too_large(
        &app.anonymous().query("{ __schema { types { name fields { name args { name } } } } }").await,
    );
    assert_too_large(&app.anonymous().query("{ __type(name: \"Customer\") { fields { a: name b: name c: name d: name e: name f: name g: name h: name } } }").await);
    let batch =
        |queries: &[&str]| json!(queries.iter().map(|query| json!({"query": query})).collect::<Vec<_>>());
    let response = app
        .anonymous()
        .post("/api/graphql", &batch(&[small, "{ nope }", small, small, "{ __typename }"]))
        .await;
    assert!(response.text.len() < 20_000 && response.body[0]["data"]["countries"][0]["code"].is_string());
    assert!(response.body[2]["data"]["countries"][0]["code"].is_string(), "{response:?}");
    for number in [3, 4] {
        assert_eq!(response.body[number]["errors"][0]["extensions"]["code"], "ANSWER_TOO_LARGE");
    }
    app.stop().await;
}

/// One request may use the whole budget, and releases it when it ends.
#[apply(on_both_databases!)]
async fn concurrent_responses_are_bounded(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_GRAPHQL_ANSWERS_BYTES", "100000")).await;
    for number in 0..3 {
        let query = format!("{{ a{number}: countries {{ provinces {{ name code }} }} }}");
        let response = app.anonymous().query(&query).await;
        assert_eq!(response.graphql_code(), "UNAVAILABLE");
        app.anonymous().query(&format!("{{ a{number}: countries {{ name code }} }}")).await.data();
    }
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn long_values_are_counted(app: &TestApp) {
    let app = with_response_limit(app, "20000").await;
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let text = "x".repeat(1000);
    app.admin().patch(&url, &json!({"meta_data": {"a": vec![text; 10]}})).await.data();
    let customer = |fields: &str| format!("{{ customer(email: \"a@x.io\") {{ {fields} }} }}");
    app.admin().query(&customer("metaData")).await.data();
    app.admin().query(&customer("metaData metaData")).await.data();
    assert_too_large(&app.admin().query(&customer("a: metaData b: metaData")).await);
    // A name of 200 letters with two bytes each.
    for number in 0..9 {
        let row = app.register(&format!("{number}@x.io")).await;
        let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
        app.admin().patch(&url, &json!({"full_name": "ü".repeat(200)})).await.data();
    }
    app.admin().query("{ customers { items { fullName } } }").await.data();
    app.admin().query("{ customers { items { fullName } } auditEntries { nodes { action } } }").await.data();
    for list in [
        "{ customers { items { a: fullName b: fullName c: fullName d: fullName e: fullName f: fullName } } }",
        "{ customersConnection { edges { cursor node { metaData } } nodes { metaData } } }",
        "{ auditEntries { nodes { changes } edges { node { changes } } } }",
    ] {
        let response = app.admin().query(list).await;
        assert!(response.text.len() < 20_000, "{list}");
        assert_too_large(&response);
    }
    app.stop().await;
}

/// The limit is the default of 8 MiB.
#[apply(on_both_databases!)]
async fn introspection_is_bounded(app: &TestApp) {
    let lists: String = (0..99)
        .map(|n| format!("a{n}: fields {{ name description args {{ name description }} }} "))
        .collect();
    assert_too_large(&app.anonymous().query(&format!("{{ __schema {{ types {{ {lists} }} }} }}")).await);
    // Equal fields are merged.
    let names = "name ".repeat(3000);
    let response =
        app.anonymous().query(&format!("{{ __schema {{ types {{ {names} ... {{ {names} }} }} }} }}")).await;
    assert!(response.text.len() < 10_000 && response.data()["__schema"]["types"][0]["name"].is_string());
    let recursive = format!(
        "{{ __type(name: \"Query\") {{ {} name {} }} }}",
        "fields { type { ".repeat(3),
        "} } ".repeat(3)
    );
    assert_refused(&app.anonymous().query(&recursive).await, "at most 2 levels");
}

#[apply(on_both_databases!)]
async fn public_responses_are_cached_per_operation_and_variables(app: &TestApp) {
    let query =
        "query A($c: [String]) { countries(countries: $c) { code } } query B { countries { a: code } }";
    let ask = async |name: &str, codes: Value| {
        let body = json!({"query": query, "operationName": name, "variables": {"c": codes}});
        app.anonymous().post("/api/graphql", &body).await.data()["countries"].clone()
    };
    for _ in 0..2 {
        assert_eq!(ask("A", json!(["DE"])).await, json!([{"code": "DE"}]));
        assert_eq!(ask("A", json!(["FR"])).await, json!([{"code": "FR"}]));
        assert_eq!(ask("B", json!(["FR"])).await[0], json!({"a": "AF"}));
    }
    let all = "{ countries { code provinces { name code } } }";
    let first = by_url(app, all).await;
    let second = by_url(app, all).await;
    assert_eq!(first.text, second.text);
    for name in ["etag", "cache-control", "vary", "content-type"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
    assert_eq!(first.header("cache-control"), Some("public, max-age=3600"));
    // A POST request gets the same response, but may not cache it.
    let posted = app.anonymous().query(all).await;
    assert_eq!(
        (posted.text.as_str(), posted.header("cache-control"), posted.header("etag")),
        (first.text.as_str(), Some("no-store"), None)
    );
    let customer = app.customer("a@x.io").await;
    let response =
        customer.send(customer.request(Method::GET, "/api/graphql").query(&[("query", all)])).await;
    assert_eq!(
        (response.text.as_str(), response.header("cache-control"), response.header("etag")),
        (first.text.as_str(), Some("private, no-store"), None)
    );
}

#[apply(on_both_databases!)]
async fn rest_reports_at_most_100_problems(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}/metafields", row["uuid"].as_str().unwrap());
    let namespaces: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("n{n}"), json!(1))).collect();
    let response = app.admin().patch(&url, &json!({"metafields": namespaces})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details().len(), 100);
    let long = "ü".repeat(20_000);
    let names = app.admin().patch(&url, &json!({"metafields": {&*long: {&*long: 1}}})).await;
    names.assert_failure(400, "validation_failed");
    let events = app
        .admin()
        .post("/api/webhook-endpoints", &json!({"url": "https://x.example", "events": [long]}))
        .await;
    let definition = app
        .admin()
        .post(
            "/api/metafield-definitions",
            &json!({"ownerType": long, "fieldKey": long, "fieldType": long, "name": "x",
        "validations": [{"type": long, "value": long}]}),
        )
        .await;
    let customer = app
        .anonymous()
        .post("/api/customers", &json!({"email": long, "password": long, "full_name": long}))
        .await;
    for response in [names, events, definition, customer] {
        let bytes = response.text.len();
        assert!(response.status == 400 && bytes < 10_000, "{bytes} bytes: {}", response.status);
    }
}
