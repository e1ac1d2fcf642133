//! The visibility of custom fields for customers and admins, over REST and GraphQL.

use serde_json::{Value, json};

use super::{MINE, custom, define, metafields_url};
use crate::support::{Actor, Customer, TestApp, apply, on_both_databases};

const FIELDS: &str = "uuid metafields { namespace key type value } crm: metafields(namespace: \"crm\") { key } hidden: metafield(namespace: \"custom\", key: \"hidden\") { key value }
    level: metafield(namespace: \"custom\", key: \"level\") { type value } none: metafield(namespace: \"no\", key: \"no\") { key } updateMetafieldsApi";

#[apply(on_both_databases!)]
async fn hidden_fields_never_reach_a_customer(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let url = metafields_url(&customer.row);
    define(
        app,
        "hidden",
        "short_text",
        json!({"visibleToCustomer": false, "required": true, "position": -1}),
    )
    .await;
    let level = define(app, "level", "short_text", json!({})).await;
    define(app, "tags", "integer", json!({"namespace": "crm", "isList": true})).await;
    app.admin()
        .patch(
            &format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap()),
            &json!({"meta_data": {"free": "secret"}}),
        )
        .await
        .data();
    let all = app.admin().patch(&url, &custom(json!({"hidden": "secret", "level": "gold"}))).await.data();
    assert_eq!(all, json!({"metaData": {"free": "secret", "custom": {"hidden": "secret", "level": "gold"}}}));
    assert_hidden_is_refused_as_unknown(app, &customer).await;
    let own = customer
        .patch(MINE, &json!({"metafields": {"custom": {"level": "silver"}, "crm": {"tags": [1]}}}))
        .await;
    assert_eq!(
        own.body,
        json!({"data": {"metaData": {"custom": {"level": "silver"}, "crm": {"tags": [1]}}}})
    );
    assert_eq!(
        app.customers().await[0].meta_data,
        json!({"free": "secret", "custom": {"hidden": "secret", "level": "silver"}, "crm": {"tags": [1]}})
    );
    assert_customer_reads_no_hidden_field(&customer).await;
    assert_admin_reads_all_fields(app, &customer).await;
    // The value disappears with its definition, at once.
    app.admin().delete(&level).await.data();
    let query = format!("query ($id: String) {{ customer(id: $id) {{ {FIELDS} }} }}");
    let response = app.admin().query_with(&query, json!({"id": customer.row["uuid"]})).await.data();
    assert_eq!(
        (&response["customer"]["level"], response["customer"]["metafields"].as_array().unwrap().len()),
        (&Value::Null, 2)
    );
    assert_eq!(
        customer.patch(MINE, &custom(json!({"level": "x"}))).await.message(),
        "There is no custom field \"custom.level\""
    );
    assert_eq!(
        customer.patch(MINE, &custom(json!({}))).await.data(),
        json!({"metaData": {"crm": {"tags": [1]}}})
    );
}

async fn assert_hidden_is_refused_as_unknown(app: &TestApp, customer: &Customer<'_>) {
    let before = app.customers().await;
    for value in [json!("x"), json!(null), json!(5), json!("x".repeat(5000))] {
        let responses = [
            customer.patch(MINE, &custom(json!({"hidden": value}))).await,
            customer.patch(MINE, &custom(json!({"nowhere": value}))).await,
        ];
        for (response, key) in responses.iter().zip(["hidden", "nowhere"]) {
            response.assert_failure(400, "validation_failed");
            let (field, message) =
                (format!("custom.{key}"), format!("There is no custom field \"custom.{key}\""));
            assert_eq!(response.details(), [(field.as_str(), message.as_str())]);
        }
    }
    assert_eq!(app.customers().await, before);
}

async fn assert_customer_reads_no_hidden_field(customer: &Customer<'_>) {
    let query = format!("{{ currentCustomer {{ {FIELDS} }} }}");
    let response = customer.query(&query).await;
    assert!(!response.text.contains("secret"), "{response:?}");
    assert_eq!(
        response.data()["currentCustomer"],
        json!({
            "uuid": customer.row["uuid"],
            "metafields": [
                {"namespace": "custom", "key": "level", "type": "short_text", "value": "silver"},
                {"namespace": "crm", "key": "tags", "type": "integer", "value": [1]},
            ],
            "crm": [{"key": "tags"}], "hidden": null, "level": {"type": "short_text", "value": "silver"}, "none": null, "updateMetafieldsApi": MINE,
        })
    );
    assert_eq!(customer.query("{ currentCustomer { metaData } }").await.graphql_code(), "FORBIDDEN");
    assert!(
        customer.query("{ metafieldDefinitions(ownerType: \"customer\") { key } }").await.body["data"]
            .is_null()
    );
}

async fn assert_admin_reads_all_fields(app: &TestApp, customer: &Customer<'_>) {
    let query = format!("query ($id: String) {{ customer(id: $id) {{ {FIELDS} }} }}");
    let response = app.admin().query_with(&query, json!({"id": customer.row["uuid"]})).await.data();
    let keys: Vec<_> = response["customer"]["metafields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["key"].clone())
        .collect();
    assert_eq!(keys, ["hidden", "level", "tags"]);
    assert_eq!(response["customer"]["hidden"], json!({"key": "hidden", "value": "secret"}));
    assert_eq!(response["customer"]["updateMetafieldsApi"], metafields_url(&customer.row));
}

#[apply(on_both_databases!)]
async fn unset_fields_are_null(app: &TestApp) {
    define(app, "level", "boolean", json!({})).await;
    for number in 0..5 {
        app.register(&format!("c{number}@x.io")).await;
    }
    let response =
        app.admin().query("{ customers { items { metafields { key type value } } } }").await.data();
    let items = response["customers"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 5);
    assert!(
        items
            .iter()
            .all(|item| *item == json!({"metafields": [{"key": "level", "type": "boolean", "value": null}]})),
        "{items:?}"
    );
}

#[apply(on_both_databases!)]
async fn the_wrong_roles_are_refused(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let other = app.register("b@x.io").await;
    define(app, "level", "boolean", json!({})).await;
    let body = custom(json!({"level": true}));
    for url in [metafields_url(&customer.row), metafields_url(&other)] {
        customer.patch(&url, &body).await.assert_failure(403, "forbidden");
        app.anonymous().patch(&url, &body).await.assert_failure(401, "unauthenticated");
    }
    app.admin().patch(MINE, &body).await.assert_failure(403, "forbidden");
    app.anonymous().patch(MINE, &body).await.assert_failure(401, "unauthenticated");
    assert!(app.customers().await.iter().all(|customer| customer.version == 1));
}
