//! Automatic persisted queries, as Apollo's clients send them.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

const QUERY: &str = "query Some($c: [String]) { countries(countries: $c) { name } }";

fn hash(query: &str) -> String {
    Sha256::digest(query.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extensions(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

async fn post(app: &TestApp, query: Option<&str>, hash: &str) -> TestResponse {
    let mut body = json!({"variables": {"c": ["DE"]}, "extensions": extensions(hash)});
    if let Some(query) = query {
        body["query"] = json!(query);
    }
    app.anonymous().post("/api/graphql", &body).await
}

async fn get(app: &TestApp, query: Option<&str>, hash: &str) -> TestResponse {
    let (variables, extensions) = (json!({"c": ["DE"]}).to_string(), extensions(hash).to_string());
    let mut parameters = vec![("variables", variables.as_str()), ("extensions", extensions.as_str())];
    parameters.extend(query.map(|query| ("query", query)));
    let request = app.anonymous().request(Method::GET, "/api/graphql").query(&parameters);
    app.anonymous().send(request).await
}

fn is_not_found(response: &TestResponse) -> bool {
    let error = &response.body["errors"][0];
    error["message"] == "PersistedQueryNotFound" && response.graphql_code() == "PERSISTED_QUERY_NOT_FOUND"
}

/// The sequence of a client: the hash, then the query with the hash, then the hash again.
#[apply(on_both_databases!)]
async fn queries_are_stored_and_found_by_hash(app: &TestApp) {
    let germany = json!({"countries": [{"name": "Germany"}]});
    let hash = hash(QUERY);
    let missing = post(app, None, &hash).await;
    // 200 for older clients: after 400 they would never send a hash again.
    assert!(missing.status == 200 && is_not_found(&missing), "{missing:?}");
    let missing = get(app, None, &hash).await;
    assert!(missing.status == 200 && is_not_found(&missing), "{missing:?}");
    assert_eq!(missing.header("cache-control"), Some("no-store"));
    assert_eq!(post(app, Some(QUERY), &hash).await.data(), germany);
    for response in [
        post(app, None, &hash).await,
        get(app, None, &hash).await,
        post(app, Some(""), &hash).await,
        get(app, Some(""), &hash).await,
        post(app, Some(QUERY), &hash.to_uppercase()).await,
        post(app, None, &hash.to_uppercase()).await,
    ] {
        assert_eq!(response.data(), germany);
    }
    assert_eq!(get(app, None, &hash).await.header("cache-control"), Some("public, max-age=3600"));
    // The query is stored without its caller: another caller receives other data.
    let own = "{ currentCustomer { email } }";
    let customer = app.customer("a@x.io").await;
    let body = json!({"query": own, "extensions": extensions(&self::hash(own))});
    assert_eq!(
        customer.post("/api/graphql", &body).await.data(),
        json!({"currentCustomer": {"email": "a@x.io"}})
    );
    assert_eq!(post(app, None, &self::hash(own)).await.data(), json!({"currentCustomer": null}));
}

#[apply(on_both_databases!)]
async fn a_query_stored_over_get_is_found_over_post(app: &TestApp) {
    let hash = hash(QUERY);
    get(app, Some(QUERY), &hash).await.data();
    post(app, None, &hash).await.data();
    // The admin endpoint shares the stored queries.
    let body = json!({"variables": {"c": ["DE"]}, "extensions": extensions(&hash)});
    app.admin().post("/api/admin/graphql", &body).await.data();
}

#[apply(on_both_databases!)]
async fn an_unknown_hash_is_400_with_the_newer_media_type(app: &TestApp) {
    let body = json!({"extensions": extensions(&hash(QUERY))});
    let request = app
        .anonymous()
        .request(Method::POST, "/api/graphql")
        .header("accept", "application/graphql-response+json");
    let response = app.anonymous().send(request.json(&body)).await;
    assert!(response.status == 400 && is_not_found(&response), "{response:?}");
}

#[apply(on_both_databases!)]
async fn a_wrong_hash_is_refused(app: &TestApp) {
    let response = post(app, Some(QUERY), &hash("{ __typename }")).await;
    assert_eq!((response.graphql_code(), response.body.get("data")), ("PERSISTED_QUERY_MISMATCH", None));
    assert!(is_not_found(&post(app, None, &hash("{ __typename }")).await));
    assert!(is_not_found(&post(app, None, "").await));
}

#[apply(on_both_databases!)]
async fn invalid_queries_are_not_stored(app: &TestApp) {
    let deep = format!("{{ {} name {} }}", "a {".repeat(30), "}".repeat(30));
    for query in ["{", "{ nope }", "{ currentCustomer }", deep.as_str()] {
        let response = post(app, Some(query), &hash(query)).await;
        assert!(response.body["data"].is_null() && !is_not_found(&response), "{query}: {response:?}");
        assert!(is_not_found(&post(app, None, &hash(query)).await), "{query}");
    }
}

#[apply(on_both_databases!)]
async fn malformed_extensions_are_refused(app: &TestApp) {
    for persisted in [
        json!(1),
        json!([1, "a"]),
        json!({}),
        json!({"version": 1}),
        json!({"sha256Hash": "a"}),
        json!({"version": 1, "sha256Hash": 1}),
    ] {
        let body = json!({"query": QUERY, "extensions": {"persistedQuery": persisted}});
        let response = app.anonymous().post("/api/graphql", &body).await;
        assert_eq!((response.status, response.graphql_code()), (400, "MALFORMED_JSON"), "{body}");
    }
    let body = json!({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}});
    let response = app.anonymous().post("/api/graphql", &body).await;
    assert_eq!(
        (response.graphql_code(), &response.body["errors"][0]["message"]),
        ("PERSISTED_QUERY_NOT_SUPPORTED", &json!("PersistedQueryNotSupported"))
    );
    let body = json!({"query": "{ __typename }", "extensions": {"persistedQuery": null, "other": 1}});
    app.anonymous().post("/api/graphql", &body).await.data();
}
