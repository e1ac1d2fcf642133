//! Automatic persisted queries, as Apollo's clients ask for them.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Actor, Answer, TestApp, apply, on_both_databases};

const QUERY: &str = "query Some($c: [String]) { countries(countries: $c) { name } }";

fn hash(query: &str) -> String {
    Sha256::digest(query.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extensions(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

async fn post(app: &TestApp, query: Option<&str>, hash: &str) -> Answer {
    let mut body = json!({"variables": {"c": ["DE"]}, "extensions": extensions(hash)});
    if let Some(query) = query {
        body["query"] = json!(query);
    }
    app.anonymous().post("/api/graphql", &body).await
}

async fn get(app: &TestApp, query: Option<&str>, hash: &str) -> Answer {
    let (variables, extensions) = (json!({"c": ["DE"]}).to_string(), extensions(hash).to_string());
    let mut parameters = vec![("variables", variables.as_str()), ("extensions", extensions.as_str())];
    parameters.extend(query.map(|query| ("query", query)));
    let request = app.anonymous().request(Method::GET, "/api/graphql").query(&parameters);
    app.anonymous().send(request).await
}

fn not_found(answer: &Answer) -> bool {
    let error = &answer.body["errors"][0];
    error["message"] == "PersistedQueryNotFound" && answer.graphql_code() == "PERSISTED_QUERY_NOT_FOUND"
}

/// The dance of a client: by hash, then with the query, then by hash again.
#[apply(on_both_databases!)]
async fn by_body_and_by_url(app: &TestApp) {
    let germany = json!({"countries": [{"name": "Germany"}]});
    let hash = hash(QUERY);
    let missing = post(app, None, &hash).await;
    // To older clients 200: on 400 they would never send a hash again.
    assert!(missing.status == 200 && not_found(&missing), "{missing:?}");
    let missing = get(app, None, &hash).await;
    assert!(missing.status == 200 && not_found(&missing), "{missing:?}");
    assert_eq!(missing.header("cache-control"), Some("no-store"));
    assert_eq!(post(app, Some(QUERY), &hash).await.data(), germany);
    for answer in [
        post(app, None, &hash).await,
        get(app, None, &hash).await,
        post(app, Some(""), &hash).await,
        get(app, Some(""), &hash).await,
        post(app, Some(QUERY), &hash.to_uppercase()).await,
        post(app, None, &hash.to_uppercase()).await,
    ] {
        assert_eq!(answer.data(), germany);
    }
    assert_eq!(get(app, None, &hash).await.header("cache-control"), Some("public, max-age=3600"));
    // It is the query that is kept, not whose it is: another caller has other data.
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
async fn by_url_first(app: &TestApp) {
    let hash = hash(QUERY);
    get(app, Some(QUERY), &hash).await.data();
    post(app, None, &hash).await.data();
    // Admins find what was sent to the other endpoint.
    let body = json!({"variables": {"c": ["DE"]}, "extensions": extensions(&hash)});
    app.admin().post("/api/admin/graphql", &body).await.data();
}

#[apply(on_both_databases!)]
async fn the_newer_media_type_tells_by_its_status(app: &TestApp) {
    let body = json!({"extensions": extensions(&hash(QUERY))});
    let request = app
        .anonymous()
        .request(Method::POST, "/api/graphql")
        .header("accept", "application/graphql-response+json");
    let answer = app.anonymous().send(request.json(&body)).await;
    assert!(answer.status == 400 && not_found(&answer), "{answer:?}");
}

#[apply(on_both_databases!)]
async fn a_hash_that_is_not_the_querys(app: &TestApp) {
    let answer = post(app, Some(QUERY), &hash("{ __typename }")).await;
    assert_eq!((answer.graphql_code(), answer.body.get("data")), ("PERSISTED_QUERY_MISMATCH", None));
    assert!(not_found(&post(app, None, &hash("{ __typename }")).await));
    assert!(not_found(&post(app, None, "").await));
}

/// What is not valid is not kept.
#[apply(on_both_databases!)]
async fn only_what_is_valid_is_kept(app: &TestApp) {
    let deep = format!("{{ {} name {} }}", "a {".repeat(30), "}".repeat(30));
    for query in ["{", "{ nope }", "{ currentCustomer }", deep.as_str()] {
        let answer = post(app, Some(query), &hash(query)).await;
        assert!(answer.body["data"].is_null() && !not_found(&answer), "{query}: {answer:?}");
        assert!(not_found(&post(app, None, &hash(query)).await), "{query}");
    }
}

#[apply(on_both_databases!)]
async fn extensions_that_are_none(app: &TestApp) {
    for persisted in [
        json!(1),
        json!([1, "a"]),
        json!({}),
        json!({"version": 1}),
        json!({"sha256Hash": "a"}),
        json!({"version": 1, "sha256Hash": 1}),
    ] {
        let body = json!({"query": QUERY, "extensions": {"persistedQuery": persisted}});
        let answer = app.anonymous().post("/api/graphql", &body).await;
        assert_eq!((answer.status, answer.graphql_code()), (400, "MALFORMED_JSON"), "{body}");
    }
    let body = json!({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}});
    let answer = app.anonymous().post("/api/graphql", &body).await;
    assert_eq!(
        (answer.graphql_code(), &answer.body["errors"][0]["message"]),
        ("PERSISTED_QUERY_NOT_SUPPORTED", &json!("PersistedQueryNotSupported"))
    );
    let body = json!({"query": "{ __typename }", "extensions": {"persistedQuery": null, "other": 1}});
    app.anonymous().post("/api/graphql", &body).await.data();
}
