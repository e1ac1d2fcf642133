//! Whether the schema is told is a setting; refused, it is refused wherever it hides.

use crate::support::{Actor, Backend, TestApp};

const HIDDEN: [&str; 6] = [
    "{ __schema { queryType { name } } }",
    "{ a: __type(name: \"Customer\") { name } }",
    "{ ... on Query { ... { __schema { queryType { name } } } } }",
    "{ ...f } fragment f on Query { __schema { queryType { name } } }",
    "query Unused { __schema { queryType { name } } }",
    "query IntrospectionQuery { currentCustomer { uuid } __type(name: \"Query\") { fields { name } } }",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_where_only_this_machine_listens() {
    let app = TestApp::start(Backend::Sqlite).await;
    for query in HIDDEN {
        app.anonymous().query(query).await.data();
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn off() {
    // The listening address decides, when nothing else does.
    for (variable, value) in [("PATRON_INTROSPECTION", "off"), ("PATRON_LISTEN", "0.0.0.0:3000")] {
        let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with(variable, value)).await;
        for query in HIDDEN {
            // Admins as well: what they may see does not depend on it.
            for answer in [app.anonymous().query(query).await, app.admin().query(query).await] {
                assert_eq!(answer.graphql_code(), "INTROSPECTION_DISABLED", "{query}: {answer:?}");
                assert!(
                    answer.text.contains("PATRON_INTROSPECTION=on") && answer.body["data"].is_null(),
                    "{answer:?}"
                );
            }
        }
        // What a client gets to know of its own query stays.
        let typename =
            app.anonymous().query("{ __typename countries(countries: [\"DE\"]) { __typename } }").await;
        assert_eq!(typename.data()["__typename"], "Query");
        // No name that was not asked for.
        let answer = app.anonymous().query("{ currentCustome { uuid } }").await;
        assert_eq!(answer.graphql_code(), "GRAPHQL_VALIDATION_FAILED");
        assert!(!answer.text.contains("currentCustomer"), "{answer:?}");
        app.stop().await;
    }
}
