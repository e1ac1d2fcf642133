//! The number of SQL statements depends on the shape of a query, not on the number of rows.

use std::sync::Arc;

use patron::app::ctx::AdminCtx;
use patron::service::demo;
use serde_json::json;

use crate::support::{Actor, apply, on_both_databases, statements_of};

/// All fields of a customer.
const FIELDS: &str = "id email group { id groupName } addresses { id city country { name provinces { name } } province { name } }
    metafields { key value } metafield(namespace: \"custom\", key: \"loyalty\") { value } sessions { id current } metaData
    lastSignInAt addressCount mails(first: 2) { nodes { kind } }";

#[apply(on_both_databases!)]
async fn a_page_needs_the_same_statements_at_every_size(app: &TestApp) {
    demo::seed(&AdminCtx::system(Arc::clone(&app.app)), 100).await.unwrap();
    let admin = app.admin();
    for (list, limited) in [
        ("nodes", format!("query ($n: Int) {{ customersConnection(first: $n) {{ nodes {{ {FIELDS} }} }} }}")),
        (
            "edges",
            format!(
                "query ($n: Int) {{ customersConnection(first: $n) {{ edges {{ cursor node {{ {FIELDS} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
            ),
        ),
        (
            "items",
            format!(
                "query ($n: ID) {{ customers(filters: [{{key: \"limit\", operation: eq, value: $n}}]) {{ items {{ {FIELDS} }} }} }}"
            ),
        ),
    ] {
        for rows in [1, 10, 100] {
            let (response, statements) = statements_of(&admin, &limited, json!({"n": rows})).await;
            let data = response.data();
            let (_, page) = data.as_object().unwrap().iter().next().unwrap();
            assert_eq!(page[list].as_array().unwrap().len(), rows);
            // The caller, the page, groups, addresses, their number, definitions, sessions, mails.
            assert_eq!(statements.len(), 8, "{rows} rows: {statements:#?}");
        }
    }
}

#[apply(on_both_databases!)]
async fn a_page_of_groups_needs_the_same_statements_at_every_size(app: &TestApp) {
    demo::seed(&AdminCtx::system(Arc::clone(&app.app)), 100).await.unwrap();
    let admin = app.admin();
    for number in 0..10 {
        admin.post("/api/customer-groups", &json!({"group_name": format!("Group {number}")})).await.data();
    }
    let query = "query ($n: ID) { customerGroups(filters: [{key: \"limit\", operation: eq, value: $n}, {key: \"od\", operation: eq, value: \"asc\"}]) {
            items { editUrl customers { email addresses { city } } } } }";
    for rows in [1, 4, 10] {
        let (response, statements) = statements_of(&admin, query, json!({"n": rows})).await;
        let groups = response.data()["customerGroups"]["items"].as_array().unwrap().clone();
        assert_eq!(groups.len(), rows);
        assert!(
            groups
                .iter()
                .any(|group| group["customers"].as_array().is_some_and(|members| !members.is_empty()))
        );
        // The caller, the page, groups that are too large, customers, addresses.
        assert_eq!(statements.len(), 5, "{rows} rows: {statements:#?}");
    }
}

/// Data of unselected fields is not fetched, and data that two fields need is fetched once.
#[apply(on_both_databases!)]
async fn only_selected_fields_are_fetched(app: &TestApp) {
    demo::seed(&AdminCtx::system(Arc::clone(&app.app)), 30).await.unwrap();
    let admin = app.admin();
    let (response, _) =
        statements_of(&admin, "{ customersConnection { pageInfo { endCursor } } }", json!({})).await;
    let after = response.data()["customersConnection"]["pageInfo"]["endCursor"].clone();
    for (selection, expected) in [
        ("totalCount", 1),
        ("nodes { email }", 1),
        ("nodes { email } edges { cursor } pageInfo { hasNextPage startCursor endCursor }", 1),
        ("nodes { email } pageInfo { hasPreviousPage hasNextPage } totalCount", 3),
        (
            "totalCount totalCount a: totalCount pageInfo { hasPreviousPage } b: pageInfo { hasPreviousPage }",
            2,
        ),
        ("a: nodes { group { id } } b: nodes { group { id } }", 3),
    ] {
        let query =
            format!("query ($after: String) {{ customersConnection(after: $after) {{ {selection} }} }}");
        let (response, statements) = statements_of(&admin, &query, json!({"after": after})).await;
        response.data();
        assert_eq!(statements.len(), 1 + expected, "{selection}: {statements:#?}");
    }
}
