//! Introspection is a setting. When it is off, it is refused at every position in a document.

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
async fn introspection_is_on_for_a_loopback_address() {
    let app = TestApp::start(Backend::Sqlite).await;
    for query in HIDDEN {
        app.anonymous().query(query).await.data();
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn introspection_is_off_if_disabled_or_public() {
    // Without the setting, the listening address decides.
    for (variable, value) in [("PATRON_INTROSPECTION", "off"), ("PATRON_LISTEN", "0.0.0.0:3000")] {
        let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with(variable, value)).await;
        for query in HIDDEN {
            // Also for admins.
            for response in [app.anonymous().query(query).await, app.admin().query(query).await] {
                assert_eq!(response.graphql_code(), "INTROSPECTION_DISABLED", "{query}: {response:?}");
                assert!(
                    response.text.contains("Introspection is disabled") && response.body["data"].is_null(),
                    "{response:?}"
                );
            }
        }
        // `__typename` is allowed.
        let typename =
            app.anonymous().query("{ __typename countries(countries: [\"DE\"]) { __typename } }").await;
        assert_eq!(typename.data()["__typename"], "Query");
        // Errors suggest no names.
        let response = app.anonymous().query("{ currentCustome { uuid } }").await;
        assert_eq!(response.graphql_code(), "GRAPHQL_VALIDATION_FAILED");
        assert!(!response.text.contains("currentCustomer"), "{response:?}");
        app.stop().await;
    }
}
