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
