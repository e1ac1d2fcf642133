//! Queries that are too large are refused with a clear message, and the server keeps serving.

use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases};

async fn assert_refused(app: &TestApp, query: &str, words: &str) {
    let response = app.admin().query(query).await;
    let error = &response.body["errors"][0];
    assert!(
        response.body["data"].is_null() && error["message"].as_str().is_some_and(|m| m.contains(words)),
        "{words}: {response:?}"
    );
    assert!(!response.graphql_code().is_empty());
    app.admin().query("{ customers { total } }").await.data();
}

#[apply(on_both_databases!)]
async fn deep_selections_are_refused(app: &TestApp) {
    let query = format!("{{ {} name {} }}", "a {".repeat(200), "}".repeat(200));
    assert_refused(app, &query, "nested too deeply").await;
    let query = format!("{{ {} name {} }}", "a {".repeat(2000), "}".repeat(2000));
    assert_refused(app, &query, "recursion").await;
    let query = format!(
        "{{ __schema {{ types {{ {} name {} }} }} }}",
        "fields { type {".repeat(12),
        "} }".repeat(12)
    );
    assert_refused(app, &query, "levels deep; at most 20").await;
}

/// A parse error quotes only part of the document.
#[apply(on_both_databases!)]
async fn parse_errors_are_truncated(app: &TestApp) {
    let response = app.anonymous().query(&"{".repeat(10_000)).await;
    assert_eq!(response.graphql_code(), "GRAPHQL_PARSE_FAILED");
    assert!(response.text.len() < 10_000, "{} bytes", response.text.len());
}

/// Nested values are limited, because the parser and the validation recurse into them.
#[apply(on_both_databases!)]
async fn deep_values_are_refused(app: &TestApp) {
    for (open, close) in [("[", "]"), ("{a:", "}"), ("{not:{", "}}")] {
        for depth in [200, 100_000] {
            let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert_refused(app, &format!("{{ customersConnection(filter: {value}) {{ totalCount }} }}"), "")
                .await;
            assert_refused(app, &format!("query ($f: CustomerFilter = {value}) {{ customersConnection(filter: $f) {{ totalCount }} }}"), "").await;
            assert_refused(
                app,
                &format!("{{ customersConnection(filter: {} ) {{ totalCount }} }}", open.repeat(depth)),
                "",
            )
            .await;
            assert_refused(app, &format!("query ($f: {}Int) {{ __typename }}", "[".repeat(depth)), "").await;
        }
    }
}

#[apply(on_both_databases!)]
async fn a_thousand_aliases_are_refused(app: &TestApp) {
    for field in ["currentCustomer { uuid }", "__typename"] {
        let aliases: Vec<String> = (0..1000).map(|number| format!("a{number}: {field}")).collect();
        assert_refused(app, &format!("{{ {} }}", aliases.join(" ")), "1000 aliases; at most 100").await;
    }
}

/// Thirty fragments, each of which spreads the next twice, make a billion fields.
#[apply(on_both_databases!)]
async fn fragments_that_multiply_are_refused(app: &TestApp) {
    let fragments: Vec<String> =
        (0..30).map(|n| format!("fragment f{n} on Query {{ ...f{} ...f{} }}", n + 1, n + 1)).collect();
    let query = format!("{{ ...f0 }} {} fragment f30 on Query {{ __typename }}", fragments.join(" "));
    assert_refused(app, &query, "fields; at most 10000").await;
    assert_refused(app, "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "").await;
    assert_refused(app, "{ ...a } fragment a on Query { ...a }", "").await;
}

/// The parser accepts the depth of each fragment; expanded together they would overflow the stack.
#[apply(on_both_databases!)]
async fn chained_fragments_are_refused(app: &TestApp) {
    for (open, fields) in [("a{", true), ("...{", false)] {
        let (open, close) = (open.repeat(50), "}".repeat(50));
        let chain: Vec<String> =
            (0..80).map(|n| format!("fragment f{n} on Query {{ {open} ...f{} {close} }}", n + 1)).collect();
        for reversed in [false, true] {
            let mut chain = chain.clone();
            if reversed {
                chain.reverse();
            }
            let chain = format!("{} fragment f80 on Query {{ __typename }}", chain.join(" "));
            assert_refused(app, &format!("{{ ...f0 }} {chain}"), "nested too deeply").await;
            assert_refused(app, &format!("{{ __typename }} {chain}"), "nested too deeply").await;
            assert_refused(app, &format!("{chain} {{ ...f79 ...f60 ...f0 }}"), "nested too deeply").await;
        }
        let short = format!("{{ ...f0 }} fragment f0 on Query {{ {open} __typename {close} }}");
        // A short chain is within the nesting limit; with fields it has too many levels.
        if fields {
            assert_refused(app, &short, "levels deep").await;
        } else {
            app.admin().query(&short).await.data();
        }
    }
    let many: Vec<String> =
        (0..400).map(|n| format!("fragment f{n} on Query {{ {} }}", "a ".repeat(30))).collect();
    assert_refused(app, &format!("{{ __typename }} {}", many.join(" ")), "fields together; at most 10000")
        .await;
}

#[apply(on_both_databases!)]
async fn many_large_pages_are_refused(app: &TestApp) {
    let page = |n: usize| {
        format!(
            "p{n}: customers(filters: [{{key: \"limit\", operation: eq, value: 100}}]) {{ items {{ uuid email fullName addresses {{ city }} }} }}"
        )
    };
    let query = format!("{{ {} }}", (0..30).map(page).collect::<Vec<_>>().join(" "));
    assert_refused(app, &query, "too complex").await;
    app.admin().query(&format!("{{ {} }}", page(1))).await.data();
}

/// Each selection of mails is a separate query, also of few mails.
#[apply(on_both_databases!)]
async fn many_selections_of_mails_are_refused(app: &TestApp) {
    let query = |count: usize| {
        let mails = |n: usize| format!("m{n}: mails(first: 1) {{ nodes {{ uuid }} }}");
        let mails: Vec<String> = (0..count).map(mails).collect();
        format!("{{ customersConnection(first: 100) {{ nodes {{ {} }} }} }}", mails.join(" "))
    };
    assert_refused(app, &query(9), "too complex").await;
    app.admin().query(&query(2)).await.data();
}

/// A country appears once in a list, however often it is requested. A hundred lists of countries are too many.
#[apply(on_both_databases!)]
async fn country_lists_are_limited(app: &TestApp) {
    let query = "query ($c: [String]) { countries(countries: $c) { code } }";
    let response = app.anonymous().query_with(query, json!({"c": vec!["GB"; 40_000]})).await;
    assert_eq!(response.data()["countries"], json!([{"code": "GB"}]));
    let all: Vec<String> = (0..99).map(|n| format!("a{n}: countries {{ code name }}")).collect();
    assert_refused(app, &format!("{{ {} }}", all.join(" ")), "too complex").await;
    assert_refused(app, "{ a: countries { provinces { name code } } b: countries { provinces { name code } } c: countries { provinces { name } } }", "too complex").await;
    app.anonymous().query("{ countries { code name provinces { name code } } }").await.data();
}

/// The introspection queries of GraphiQL and of code generators are within all limits.
#[apply(on_both_databases!)]
async fn introspection_queries_are_within_the_limits(app: &TestApp) {
    let of_type = (0..9).fold("kind name".to_owned(), |inner, _| format!("kind name ofType {{ {inner} }}"));
    let input = "name description type { ...T } defaultValue isDeprecated deprecationReason";
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name }} subscriptionType {{ name }}
             types {{ ...F }} directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ {input} }} }} }} }}
             fragment F on __Type {{ kind name description specifiedByURL
               fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ {input} }} type {{ ...T }} isDeprecated deprecationReason }}
               inputFields(includeDeprecated: true) {{ {input} }} interfaces {{ ...T }}
               enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...T }} }}
             fragment T on __Type {{ {of_type} }}"
    );
    let schema = app.anonymous().query(&query).await.data()["__schema"].clone();
    assert_eq!(schema["mutationType"], Value::Null);
    // Every type, field and argument has a description, which GraphiQL shows.
    let described = |element: &Value| element["description"].as_str().is_some_and(|text| text.len() > 3);
    for kind in schema["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if name.starts_with("__") || ["Boolean", "Float", "ID", "Int", "String"].contains(&name) {
            continue;
        }
        assert!(described(kind), "{}", kind["name"]);
        for list in ["fields", "inputFields", "enumValues"] {
            for field in kind[list].as_array().into_iter().flatten() {
                assert!(described(field), "{}.{}", kind["name"], field["name"]);
                for argument in field["args"].as_array().into_iter().flatten() {
                    assert!(described(argument), "{}.{}({})", kind["name"], field["name"], argument["name"]);
                }
            }
        }
    }
}

#[apply(on_both_databases!)]
async fn unknown_fields_are_named(app: &TestApp) {
    let response = app.admin().query("{ customers { items { password } } }").await;
    assert_eq!(response.graphql_code(), "GRAPHQL_VALIDATION_FAILED");
    assert!(response.text.contains("password") && response.body["data"].is_null());
    let response = app
        .admin()
        .query_with("query ($id: Int!) { customerGroup(id: $id) { uuid } }", json!({"id": "x"}))
        .await;
    assert_eq!(response.graphql_code(), "GRAPHQL_VALIDATION_FAILED", "{response:?}");
}
