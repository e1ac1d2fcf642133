//! Batches: several operations in one request. They are off by default and share one limit when on.

use serde_json::{Value, json};

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

async fn with_batches(app: &TestApp) -> TestApp {
    app.another_with(|flags| flags.with("PATRON_GRAPHQL_BATCH", "3")).await
}

async fn send(app: &TestApp, operations: &[&str]) -> TestResponse {
    let body: Vec<Value> = operations.iter().map(|query| json!({"query": query})).collect();
    app.admin().post("/api/graphql", &json!(body)).await
}

fn code(response: &Value) -> &str {
    response["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[apply(on_both_databases!)]
async fn batches_are_off_by_default(app: &TestApp) {
    let response = send(app, &["{ __typename }"]).await;
    assert_eq!((response.status, response.graphql_code()), (400, "MALFORMED_JSON"));
}

#[apply(on_both_databases!)]
async fn results_keep_the_order_of_the_operations(app: &TestApp) {
    let app = with_batches(app).await;
    app.register("a@x.io").await;
    let response =
        send(&app, &["{ customers { total } }", "{ nope }", "{ countries(countries: [\"DE\"]) { name } }"])
            .await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), Some("private, no-store"));
    assert_eq!(response.body[0], json!({"data": {"customers": {"total": 1}}}));
    assert_eq!((code(&response.body[1]), response.body[1].get("data")), ("GRAPHQL_VALIDATION_FAILED", None));
    assert_eq!(response.body[2], json!({"data": {"countries": [{"name": "Germany"}]}}));
    let one = send(&app, &["{ __typename }"]).await;
    assert_eq!(one.body, json!([{"data": {"__typename": "Query"}}]));
    // Requests without a batch are unchanged.
    assert_eq!(app.admin().query("{ __typename }").await.body, json!({"data": {"__typename": "Query"}}));
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn batches_are_limited_by_the_setting(app: &TestApp) {
    let app = with_batches(app).await;
    let response = send(&app, &["{ __typename }"; 4]).await;
    assert_eq!((response.status, response.graphql_code()), (400, "BATCH_TOO_LARGE"));
    for body in [
        json!([]),
        json!([{"query": "{ __typename }"}, 1]),
        json!([[{"query": "{ __typename }"}]]),
        json!([{}]),
        json!(["{ __typename }"]),
        json!([["{ __typename }"]]),
        json!([{"query": "{ __typename }"}, ["{ __typename }"]]),
    ] {
        let response = app.admin().post("/api/graphql", &body).await;
        assert_eq!((response.status, response.graphql_code()), (400, "MALFORMED_JSON"), "{body}");
    }
    app.stop().await;
}

/// One of these operations is within the limit of 10 000, two are not.
#[apply(on_both_databases!)]
async fn operations_of_a_batch_share_one_limit(app: &TestApp) {
    let app = with_batches(app).await;
    let page = "{ customers(filters: [{key: \"limit\", operation: eq, value: 100}]) { items { uuid email fullName addresses { city } } } }";
    let pages = format!(
        "{{ {} }}",
        (0..10).map(|n| format!("p{n}: {}", &page[2..page.len() - 2])).collect::<Vec<_>>().join(" ")
    );
    app.admin().query(&pages).await.data();
    let response = send(&app, &[&pages, &pages, "{ countries(countries: [\"DE\"]) { code } }"]).await;
    assert!(response.body[0]["errors"].is_null(), "{response:?}");
    assert_eq!((code(&response.body[1]), response.body[1].get("data")), ("QUERY_TOO_LARGE", None));
    assert_eq!(response.body[2]["data"], json!({"countries": [{"code": "DE"}]}));
    // The limit also covers operations that are invalid.
    let fields = format!("{{ {} }}", "nope ".repeat(6000));
    let response = send(&app, &[&fields, &fields]).await;
    assert_eq!(
        (code(&response.body[0]), code(&response.body[1])),
        ("GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_LARGE")
    );
    let deep = format!("{{ {} name {} }}", "a {".repeat(25), "}".repeat(25));
    assert_eq!(code(&send(&app, &[&deep]).await.body[0]), "QUERY_TOO_LARGE");
    app.stop().await;
}
