//! GraphQL over GET: which responses may be cached, by which caches, and for how long.

use reqwest::Method;

use crate::support::{Actor, TestResponse, apply, on_both_databases};

const COUNTRIES: &str = "{ countries(countries: [\"DE\"]) { name } __typename }";

async fn get(actor: &impl Actor, query: &str, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = actor.request(Method::GET, "/api/graphql").query(&[("query", query)]);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    actor.send(request).await
}

#[apply(on_both_databases!)]
async fn public_data_may_be_cached(app: &TestApp) {
    for query in [COUNTRIES, "query A { ... on Query { countries { code } } }", "{ ... { __typename } }"] {
        let response = get(&app.anonymous(), query, &[]).await;
        response.data();
        assert_eq!(response.header("cache-control"), Some("public, max-age=3600"), "{query}");
        assert_eq!(response.header("vary"), Some("Authorization, Accept, Accept-Encoding"));
        assert!(response.header("etag").is_some_and(|tag| tag.starts_with("W/\"")), "{response:?}");
    }
}

#[apply(on_both_databases!)]
async fn other_responses_are_not_cached(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for query in [
        "{ currentCustomer { email } }",
        "{ countries { code } currentCustomer { uuid } }",
        "{ countries { code } ... { currentCustomer { uuid } } }",
        "{ ...A } fragment A on Query { currentCustomer { uuid } }",
        "query A { countries { code } } query B { currentCustomer { uuid } }",
        "{ countries { code } customer(id: \"1\") { uuid } }",
        "{ countries: currentCustomer { email } }",
        "{ __schema { queryType { name } } }",
        "{ nope }",
        "{",
        "{ countries { nope } }",
        "",
    ] {
        let response = get(&app.anonymous(), query, &[]).await;
        assert_eq!(
            (response.header("cache-control"), response.header("etag")),
            (Some("no-store"), None),
            "{query}"
        );
        // A response to a request with a token is private, whatever it contains.
        let response = get(&customer, query, &[]).await;
        assert!(
            response.header("cache-control").is_some_and(|control| control.contains("no-store")),
            "{query}"
        );
    }
    for query in [COUNTRIES, "{ currentCustomer { email } }"] {
        let response = get(&customer, query, &[]).await;
        response.data();
        assert_eq!(
            (response.header("cache-control"), response.header("etag")),
            (Some("private, no-store"), None),
            "{query}"
        );
        assert!(response.header("vary").is_some_and(|vary| vary.contains("Authorization")));
    }
    let response = get(&app.anonymous(), COUNTRIES, &[("authorization", "Bearer nonsense")]).await;
    assert_eq!((response.status, response.header("cache-control")), (401, Some("no-store")));
    let response = app.anonymous().query(COUNTRIES).await;
    assert_eq!((response.header("cache-control"), response.header("etag")), (Some("no-store"), None));
}

#[apply(on_both_databases!)]
async fn unchanged_responses_are_not_sent_again(app: &TestApp) {
    let first = get(&app.anonymous(), COUNTRIES, &[]).await;
    let tag = first.header("etag").unwrap();
    let list = format!("\"other\", {}", tag.trim_start_matches("W/"));
    let gaps = format!(",, {tag} ,");
    for seen in [tag, list.as_str(), gaps.as_str(), "*"] {
        let response = get(&app.anonymous(), COUNTRIES, &[("if-none-match", seen)]).await;
        assert_eq!(
            (response.status, response.text.as_str(), response.header("etag")),
            (304, "", Some(tag)),
            "{seen}"
        );
        for name in ["cache-control", "vary"] {
            assert_eq!(response.header(name), first.header(name));
        }
        assert!(response.header("content-type").is_none() && response.header("x-request-id").is_some());
    }
    // Anything but a list of entity tags is ignored.
    for ignored in ["", ",", "\"other\",,", "a b", "\"a b\"", "\"", tag.trim_matches(['W', '/', '"'])] {
        assert_eq!(
            get(&app.anonymous(), COUNTRIES, &[("if-none-match", ignored)]).await.status,
            200,
            "{ignored}"
        );
    }
    let other =
        get(&app.anonymous(), "{ countries(countries: [\"US\"]) { name } }", &[("if-none-match", tag)]).await;
    assert_eq!(other.status, 200);
    assert_ne!(other.header("etag"), Some(tag));
    let by_media_type = [("if-none-match", "\"other\""), ("accept", "application/graphql-response+json")];
    assert_eq!(get(&app.anonymous(), COUNTRIES, &by_media_type).await.status, 200);
    // `If-None-Match` reveals nothing about data that is not cached.
    let response = get(&app.anonymous(), "{ currentCustomer { email } }", &[("if-none-match", "*")]).await;
    assert_eq!(response.status, 200);
}

#[apply(on_both_databases!)]
async fn mutations_over_get_are_refused(app: &TestApp) {
    for (query, name) in [("mutation { a }", ""), ("query A { __typename } mutation B { a }", "B")] {
        let request = app
            .anonymous()
            .request(Method::GET, "/api/graphql")
            .query(&[("query", query), ("operationName", name)]);
        let response = app.anonymous().send(request).await;
        assert_eq!(
            (response.status, response.graphql_code(), response.header("allow")),
            (405, "METHOD_NOT_ALLOWED", Some("GET, HEAD, POST"))
        );
    }
}
