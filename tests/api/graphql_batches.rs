//! Several operations in one request: off by default, and bounded together when on.

use serde_json::{Value, json};

use crate::support::{Actor, Answer, TestApp, apply, on_both_databases};

async fn with_batches(like: &TestApp) -> TestApp {
    like.another_with(|flags| flags.with("PATRON_GRAPHQL_BATCH", "3")).await
}

async fn send(app: &TestApp, operations: &[&str]) -> Answer {
    let body: Vec<Value> = operations.iter().map(|query| json!({"query": query})).collect();
    app.admin().post("/api/graphql", &json!(body)).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[apply(on_both_databases!)]
async fn off_by_default(app: &TestApp) {
    let answer = send(app, &["{ __typename }"]).await;
    assert_eq!((answer.status, answer.graphql_code()), (400, "MALFORMED_JSON"));
}

#[apply(on_both_databases!)]
async fn each_is_answered_in_its_place(app: &TestApp) {
    let app = with_batches(app).await;
    app.register("a@x.io").await;
    let answer =
        send(&app, &["{ customers { total } }", "{ nope }", "{ countries(countries: [\"DE\"]) { name } }"])
            .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    assert_eq!(answer.body[0], json!({"data": {"customers": {"total": 1}}}));
    assert_eq!((code(&answer.body[1]), answer.body[1].get("data")), ("GRAPHQL_VALIDATION_FAILED", None));
    assert_eq!(answer.body[2], json!({"data": {"countries": [{"name": "Germany"}]}}));
    let one = send(&app, &["{ __typename }"]).await;
    assert_eq!(one.body, json!([{"data": {"__typename": "Query"}}]));
    // Without a batch nothing is different.
    assert_eq!(app.admin().query("{ __typename }").await.body, json!({"data": {"__typename": "Query"}}));
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn no_more_than_the_setting_allows(app: &TestApp) {
    let app = with_batches(app).await;
    let answer = send(&app, &["{ __typename }"; 4]).await;
    assert_eq!((answer.status, answer.graphql_code()), (400, "BATCH_TOO_LARGE"));
    for body in [
        json!([]),
        json!([{"query": "{ __typename }"}, 1]),
        json!([[{"query": "{ __typename }"}]]),
        json!([{}]),
        json!(["{ __typename }"]),
        json!([["{ __typename }"]]),
        json!([{"query": "{ __typename }"}, ["{ __typename }"]]),
    ] {
        let answer = app.admin().post("/api/graphql", &body).await;
        assert_eq!((answer.status, answer.graphql_code()), (400, "MALFORMED_JSON"), "{body}");
    }
    app.stop().await;
}

/// Each of these is within the limit of 10 000, two of them are not.
#[apply(on_both_databases!)]
async fn together_they_may_ask_for_what_one_may(app: &TestApp) {
    let app = with_batches(app).await;
    let page = "{ customers(filters: [{key: \"limit\", operation: eq, value: 100}]) { items { uuid email fullName addresses { city } } } }";
    let pages = format!(
        "{{ {} }}",
        (0..10).map(|n| format!("p{n}: {}", &page[2..page.len() - 2])).collect::<Vec<_>>().join(" ")
    );
    app.admin().query(&pages).await.data();
    let answer = send(&app, &[&pages, &pages, "{ countries(countries: [\"DE\"]) { code } }"]).await;
    assert!(answer.body[0]["errors"].is_null(), "{answer:?}");
    assert_eq!((code(&answer.body[1]), answer.body[1].get("data")), ("QUERY_TOO_LARGE", None));
    assert_eq!(answer.body[2]["data"], json!({"countries": [{"code": "DE"}]}));
    // Neither may what is never valid keep the server busy.
    let fields = format!("{{ {} }}", "nope ".repeat(6000));
    let answer = send(&app, &[&fields, &fields]).await;
    assert_eq!(
        (code(&answer.body[0]), code(&answer.body[1])),
        ("GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_LARGE")
    );
    let deep = format!("{{ {} name {} }}", "a {".repeat(25), "}".repeat(25));
    assert_eq!(code(&send(&app, &[&deep]).await.body[0]), "QUERY_TOO_LARGE");
    app.stop().await;
}
