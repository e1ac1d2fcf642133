//! Custom fields: definitions, values, visibility for customers, limits, and the clean-up after a deletion.

mod clean_up;
mod costs;
mod definitions;
mod refused_definitions;
mod value_cases;
mod values;
mod visibility;

use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

const DEFINITIONS: &str = "/api/metafield-definitions";
const MINE: &str = "/api/customers/me/metafields";

/// The body of a definition `custom.{key}`, with the fields of `overrides`.
fn definition(key: &str, field_type: &str, overrides: Value) -> Value {
    let mut body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": field_type});
    for (name, value) in overrides.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// Creates a definition and returns its URL.
async fn define(app: &TestApp, key: &str, field_type: &str, overrides: Value) -> String {
    let response = app.admin().post(DEFINITIONS, &definition(key, field_type, overrides)).await;
    assert_eq!(response.status, 201, "{response:?}");
    response.header("location").expect("a URL").to_owned()
}

fn metafields_url(customer: &Value) -> String {
    format!("/api/customers/{}/metafields", customer["uuid"].as_str().expect("a uuid"))
}

/// A body with values in the namespace `custom`.
fn custom(values: Value) -> Value {
    json!({"metafields": {"custom": values}})
}
