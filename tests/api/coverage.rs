//! Every REST operation and every GraphQL root field refuses the roles without permission. The lists are read from
//! `docs/openapi.json` and `schema.graphql`, so an addition without a case here fails.

use std::collections::BTreeMap;

use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases};

const OPENAPI: &str = include_str!("../../docs/openapi.json");
const SDL: &str = include_str!("../../schema.graphql");

/// Method, path and permitted roles of each operation; no roles mean that no token is needed.
pub(crate) fn operations() -> Vec<(Method, String, Vec<String>)> {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let security =
                operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path} has no security"));
            let is_public = security.iter().any(|scheme| scheme == &json!({}));
            let roles = security.iter().flat_map(|scheme| scheme.as_object().unwrap().keys().cloned());
            let roles = if is_public { Vec::new() } else { roles.collect() };
            operations.push((method.to_uppercase().parse().unwrap(), path.clone(), roles));
        }
    }
    operations
}

/// The permitted role of each root field, and a selection of it.
fn root_fields() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    BTreeMap::from([
        ("admin", ("admin", "admin(uuid: \"00000000-0000-0000-0000-000000000000\") { uuid }")),
        ("admins", ("admin", "admins { nodes { uuid } }")),
        ("allowedCountries", ("public", "allowedCountries { code }")),
        ("auditEntries", ("admin", "auditEntries { nodes { action } }")),
        ("countries", ("public", "countries(countries: [\"US\"]) { code }")),
        ("currentCustomer", ("public", "currentCustomer { uuid }")),
        ("customer", ("admin", "customer(email: \"a@x.io\") { uuid }")),
        ("customerGroup", ("admin", "customerGroup(id: 1) { groupName }")),
        ("customerGroups", ("admin", "customerGroups { items { groupName } }")),
        ("customers", ("admin", "customers { items { uuid } }")),
        ("customersConnection", ("admin", "customersConnection { nodes { uuid } }")),
        ("events", ("admin", "events { nodes { type } }")),
        // Null for other callers.
        ("mails", ("admin", "mails { nodes { uuid } }")),
        ("me", ("public", "me { uuid }")),
        ("metafieldDefinitions", ("admin", "metafieldDefinitions(ownerType: \"customer\") { key }")),
        // Null if the caller may not see the record: tests/api/node.rs.
        ("node", ("public", "node(id: \"Q3VzdG9tZXI6\") { id }")),
        ("overview", ("admin", "overview { customers }")),
        ("provinces", ("public", "provinces(countries: [\"US\"]) { code }")),
        ("savedViews", ("admin", "savedViews { uuid }")),
        ("webhookDeliveries", ("admin", "webhookDeliveries { nodes { uuid } }")),
        ("webhookEndpoints", ("admin", "webhookEndpoints { uuid }")),
    ])
}

/// The starts of the routes for health, documents and new tokens, which ignore tokens.
const IGNORE_TOKENS: [&str; 8] = [
    "/health/",
    "/metrics",
    "/api/openapi.json",
    "/api/user/token",
    "/api/customer/token",
    "/api/customers/reset-password",
    "/api/customers/password",
    "/api/customers/verify-email",
];

/// Creates a record of each kind but customers. Returns their routes and uuids.
async fn create_records(app: &TestApp) -> [(&'static str, String); 3] {
    let create = async |route: &'static str, body: Value| {
        let row = app.admin().post(route, &body).await.data();
        (route, row["uuid"].as_str().unwrap().to_owned())
    };
    let definition =
        json!({"ownerType": "customer", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "integer"});
    [
        create("/api/customer-groups", json!({"group_name": "VIP"})).await,
        create("/api/metafield-definitions", definition).await,
        create("/api/webhook-endpoints", json!({"url": "https://hooks.example.com/"})).await,
    ]
}

#[apply(on_both_databases!)]
async fn rest_operations_refuse_the_wrong_roles(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let address = app.add_address(&customer.row, "US-CA", true).await;
    let address = address["uuid"].as_str().unwrap();
    let records = create_records(app).await;
    let before = app.customers().await;
    let uuid = customer.row["uuid"].as_str().unwrap();
    let operations = operations();
    assert!(operations.len() >= 7, "{operations:?}");
    for (method, path, roles) in operations {
        // The record that `{uuid}` identifies.
        let record = records.iter().find(|(route, _)| path.starts_with(route));
        let own = record.map_or(uuid, |(_, record)| record.as_str());
        let path = path.replace("{uuid}", own).replace("{address_uuid}", address).replace("{id}", uuid);
        let send = async |actor: &dyn Fn() -> reqwest::RequestBuilder| {
            app.anonymous().send(actor().json(&json!({}))).await
        };
        let anonymous = send(&|| app.anonymous().request(method.clone(), &path)).await;
        if roles.is_empty() {
            assert!([200, 400].contains(&anonymous.status), "{method} {path}: {anonymous:?}");
        } else {
            anonymous.assert_failure(401, "unauthenticated");
        }
        if !roles.is_empty() && !roles.iter().any(|role| role == "customer") {
            let as_customer = send(&|| customer.request(method.clone(), &path)).await;
            as_customer.assert_failure(403, "forbidden");
            // Permission is checked before the request is validated.
            let request =
                customer.request(method.clone(), &path).header("content-type", "text/plain").body("{");
            customer.send(request).await.assert_failure(403, "forbidden");
        }
        if roles == ["customer"] {
            send(&|| app.admin().request(method.clone(), &path)).await.assert_failure(403, "forbidden");
        }
        // A bad token is never treated as no token.
        let bad = send(&|| app.anonymous().request(method.clone(), &path).bearer_auth("bad")).await;
        if IGNORE_TOKENS.iter().any(|start| path.starts_with(start)) {
            assert_eq!(bad.status, anonymous.status, "{method} {path}");
        } else {
            bad.assert_failure(401, "unauthenticated");
        }
    }
    assert_eq!(app.customers().await, before);
    for (route, record) in &records {
        app.admin().patch(&format!("{route}/{record}"), &json!({})).await.data();
    }
}

#[apply(on_both_databases!)]
async fn graphql_root_fields_refuse_the_wrong_roles(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let document = async_graphql_parser::parse_schema(SDL).unwrap();
    let query = document.definitions.into_iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) if definition.node.name.node == "Query" => {
            Some(definition.node.kind)
        }
        _ => None,
    });
    let Some(TypeKind::Object(query)) = query else { panic!("the schema has a Query") };
    let names: Vec<String> = query.fields.iter().map(|field| field.node.name.node.to_string()).collect();
    let fields = root_fields();
    let known: Vec<&str> = fields.keys().copied().collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, known, "a root field has no case here, or a case has no root field");
    for (role, selection) in fields.into_values() {
        let query = format!("{{ {selection} }}");
        let (anonymous, as_customer) = (app.anonymous().query(&query).await, customer.query(&query).await);
        if role == "admin" {
            assert_eq!(anonymous.graphql_code(), "UNAUTHENTICATED", "{selection}");
            assert_eq!(as_customer.graphql_code(), "FORBIDDEN", "{selection}");
        } else {
            anonymous.data();
            as_customer.data();
        }
        app.admin().query(&query).await.data();
        let admin_endpoint = async |actor: reqwest::RequestBuilder| {
            app.anonymous().send(actor.json(&json!({"query": query}))).await
        };
        let path = "/api/admin/graphql";
        let anonymous = admin_endpoint(app.anonymous().request(Method::POST, path)).await;
        assert_eq!((anonymous.status, anonymous.graphql_code()), (401, "UNAUTHENTICATED"));
        let as_customer = admin_endpoint(customer.request(Method::POST, path)).await;
        assert_eq!((as_customer.status, as_customer.graphql_code()), (403, "FORBIDDEN"));
        admin_endpoint(app.admin().request(Method::POST, path)).await.data();
    }
}
