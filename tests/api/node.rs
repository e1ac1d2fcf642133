//! `node`: records by their global identifier.

use serde_json::{Value, json};

use crate::support::{Actor, apply, on_both_databases};

const QUERY: &str = "query ($id: ID!) { node(id: $id) { __typename id ... on Customer { email addresses { id } group { id } } ... on CustomerAddress { city } ... on CustomerGroup { groupName } } }";

#[apply(on_both_databases!)]
async fn invisible_nodes_are_null(app: &TestApp) {
    let ann = app.customer("ann@x.io").await;
    let bob = app.customer("bob@x.io").await;
    app.add_address(&ann.row, "US-CA", true).await;
    let body = json!({"group_name": "VIP"});
    let vip = app.admin().post("/api/customer-groups", &body).await.data()["customer_group_id"].clone();
    let path = format!("/api/customers/{}", bob.row["uuid"].as_str().unwrap());
    app.admin().patch(&path, &json!({"group_id": vip})).await.data();
    let own =
        ann.query("{ currentCustomer { id addresses { id } group { id } } }").await.data()["currentCustomer"]
            .clone();
    for (id, kind) in [
        (own["id"].clone(), "Customer"),
        (own["addresses"][0]["id"].clone(), "CustomerAddress"),
        (own["group"]["id"].clone(), "CustomerGroup"),
    ] {
        let variables = json!({"id": id});
        let seen = ann.query_with(QUERY, variables.clone()).await.data()["node"].clone();
        assert_eq!((seen["__typename"].as_str(), &seen["id"]), (Some(kind), &id));
        assert_eq!(app.admin().query_with(QUERY, variables.clone()).await.data()["node"], seen);
        assert_eq!(bob.query_with(QUERY, variables.clone()).await.data(), json!({"node": null}), "{kind}");
        assert_eq!(
            app.anonymous().query_with(QUERY, variables).await.data(),
            json!({"node": null}),
            "{kind}"
        );
    }
    // Ann can't see Bob's group.
    let group =
        bob.query("{ currentCustomer { group { id } } }").await.data()["currentCustomer"]["group"]["id"]
            .clone();
    assert_eq!(ann.query_with(QUERY, json!({"id": group})).await.data(), json!({"node": null}));
    assert_eq!(app.admin().query_with(QUERY, json!({"id": group})).await.data()["node"]["groupName"], "VIP");
}

#[apply(on_both_databases!)]
async fn invalid_identifiers_are_null(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let uuid = row["uuid"].as_str().unwrap();
    for id in ["", "x", uuid, "Q3VzdG9tZXI6", "ü", "AAAA", "Q3VzdG9tZXI6eA"] {
        let response = app.admin().query_with(QUERY, json!({"id": id})).await;
        assert_eq!(response.data(), json!({"node": null}), "{id}");
    }
    let data = app.admin().query("{ customers { items { id } } }").await.data();
    let id = data["customers"]["items"][0]["id"].clone();
    app.admin().delete(&format!("/api/customers/{uuid}")).await.data();
    assert_eq!(app.admin().query_with(QUERY, json!({"id": id})).await.data()["node"], Value::Null);
}

/// The library resolves the fields of a node, and patron those of a customer (`src/api/graphql/in_place.rs`).
#[apply(on_both_databases!)]
async fn a_customer_has_the_same_fields_as_a_node(app: &TestApp) {
    const FIELDS: &str = "__typename id customerId uuid status email again: email fullName emailVerifiedAt pendingEmail createdAt \
        updatedAt lastSignInAt version urn addAddressApi updateProfileApi editUrl metaData metafields { key } addressCount \
        group { __typename groupName uuid version editUrl } sessions { id userAgent } \
        addresses { __typename id uuid fullName telephone city address1 address2 isDefault version updateApi \
            country { __typename code name postcodeRequired provinceLabel } province { code name } }";
    let ann = app.customer("ann@x.io").await;
    app.add_address(&ann.row, "US-CA", true).await;
    let own = ann.query("{ currentCustomer { id uuid } }").await.data()["currentCustomer"].clone();
    let node = format!("query ($id: ID!) {{ node(id: $id) {{ ... on Customer {{ {FIELDS} }} }} }}");
    let node = app.admin().query_with(&node, json!({"id": own["id"]})).await.data()["node"].clone();
    assert_eq!((&node["__typename"], &node["addressCount"]), (&json!("Customer"), &json!(1)));
    let single = format!("query ($id: String) {{ customer(id: $id) {{ {FIELDS} }} }}");
    let single = app.admin().query_with(&single, json!({"id": own["uuid"]})).await;
    assert_eq!(single.data()["customer"], node);
    let fragment = format!(
        "query ($id: String) {{ customer(id: $id) {{ {FIELDS} ... on Node {{ ... on CustomerGroup {{ groupName }} }} }} }}"
    );
    let fragment = app.admin().query_with(&fragment, json!({"id": own["uuid"]})).await;
    assert_eq!(fragment.data()["customer"], node, "a fragment for another type selects nothing");
    for (list, rows) in [("customers", "items"), ("customersConnection", "nodes")] {
        let list_query = format!("{{ {list} {{ {rows} {{ {FIELDS} }} }} }}");
        assert_eq!(app.admin().query(&list_query).await.data()[list][rows], json!([node]), "{list}");
    }
}
