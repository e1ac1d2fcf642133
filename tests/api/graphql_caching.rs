//! GraphQL over GET: who may keep the answer, and for how long.

use reqwest::Method;

use crate::support::{Actor, Answer, apply, on_both_databases};

const COUNTRIES: &str = "{ countries(countries: [\"DE\"]) { name } __typename }";

async fn get(actor: &impl Actor, query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = actor.request(Method::GET, "/api/graphql").query(&[("query", query)]);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    actor.send(request).await
}

#[apply(on_both_databases!)]
async fn what_is_the_same_for_all_may_be_kept_by_anybody(app: &TestApp) {
    for query in [COUNTRIES, "query A { ... on Query { countries { code } } }", "{ ... { __typename } }"] {
        let answer = get(&app.anonymous(), query, &[]).await;
        answer.data();
        assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"), "{query}");
        assert_eq!(answer.header("vary"), Some("Authorization, Accept, Accept-Encoding"));
        assert!(answer.header("etag").is_some_and(|tag| tag.starts_with("W/\"")), "{answer:?}");
    }
}

#[apply(on_both_databases!)]
async fn anything_else_is_kept_by_nobody(app: &TestApp) {
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
        let answer = get(&app.anonymous(), query, &[]).await;
        assert_eq!(
            (answer.header("cache-control"), answer.header("etag")),
            (Some("no-store"), None),
            "{query}"
        );
        // What comes of a token is the caller's, whatever it is.
        let answer = get(&customer, query, &[]).await;
        assert!(
            answer.header("cache-control").is_some_and(|control| control.contains("no-store")),
            "{query}"
        );
    }
    for query in [COUNTRIES, "{ currentCustomer { email } }"] {
        let answer = get(&customer, query, &[]).await;
        answer.data();
        assert_eq!(
            (answer.header("cache-control"), answer.header("etag")),
            (Some("private, no-store"), None),
            "{query}"
        );
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Authorization")));
    }
    let answer = get(&app.anonymous(), COUNTRIES, &[("authorization", "Bearer nonsense")]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (401, Some("no-store")));
    let answer = app.anonymous().query(COUNTRIES).await;
    assert_eq!((answer.header("cache-control"), answer.header("etag")), (Some("no-store"), None));
}

#[apply(on_both_databases!)]
async fn what_the_client_has_is_not_sent_again(app: &TestApp) {
    let first = get(&app.anonymous(), COUNTRIES, &[]).await;
    let tag = first.header("etag").unwrap();
    let list = format!("\"other\", {}", tag.trim_start_matches("W/"));
    let gaps = format!(",, {tag} ,");
    for seen in [tag, list.as_str(), gaps.as_str(), "*"] {
        let answer = get(&app.anonymous(), COUNTRIES, &[("if-none-match", seen)]).await;
        assert_eq!(
            (answer.status, answer.text.as_str(), answer.header("etag")),
            (304, "", Some(tag)),
            "{seen}"
        );
        for name in ["cache-control", "vary"] {
            assert_eq!(answer.header(name), first.header(name));
        }
        assert!(answer.header("content-type").is_none() && answer.header("x-request-id").is_some());
    }
    // Anything but a list of entity tags is ignored.
    for nothing in ["", ",", "\"other\",,", "a b", "\"a b\"", "\"", tag.trim_matches(['W', '/', '"'])] {
        assert_eq!(
            get(&app.anonymous(), COUNTRIES, &[("if-none-match", nothing)]).await.status,
            200,
            "{nothing}"
        );
    }
    let other =
        get(&app.anonymous(), "{ countries(countries: [\"US\"]) { name } }", &[("if-none-match", tag)]).await;
    assert_eq!(other.status, 200);
    assert_ne!(other.header("etag"), Some(tag));
    let by_media_type = [("if-none-match", "\"other\""), ("accept", "application/graphql-response+json")];
    assert_eq!(get(&app.anonymous(), COUNTRIES, &by_media_type).await.status, 200);
    // Whoever may not have it learns nothing by asking for a tag.
    let answer = get(&app.anonymous(), "{ currentCustomer { email } }", &[("if-none-match", "*")]).await;
    assert_eq!(answer.status, 200);
}

#[apply(on_both_databases!)]
async fn changes_are_not_asked_for_by_url(app: &TestApp) {
    for (query, name) in [("mutation { a }", ""), ("query A { __typename } mutation B { a }", "B")] {
        let request = app
            .anonymous()
            .request(Method::GET, "/api/graphql")
            .query(&[("query", query), ("operationName", name)]);
        let answer = app.anonymous().send(request).await;
        assert_eq!(
            (answer.status, answer.graphql_code(), answer.header("allow")),
            (405, "METHOD_NOT_ALLOWED", Some("GET, HEAD, POST"))
        );
    }
}
