//! Custom fields: definitions, values, what customers see of them, and what is left after a deletion.

mod clean_up;
mod costs;
mod definitions;
mod values;
mod visibility;

use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

const DEFINITIONS: &str = "/api/metafield-definitions";
const MINE: &str = "/api/customers/me/metafields";

/// A definition `custom.{key}`, with what is in `more` over it.
fn definition(key: &str, field_type: &str, more: Value) -> Value {
    let mut body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": field_type});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// Defines a field and gives its URL back.
async fn define(app: &TestApp, key: &str, field_type: &str, more: Value) -> String {
    let answer = app.admin().post(DEFINITIONS, &definition(key, field_type, more)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.header("location").expect("a URL").to_owned()
}

fn metafields_url(customer: &Value) -> String {
    format!("/api/customers/{}/metafields", customer["uuid"].as_str().expect("a uuid"))
}

/// Values in the namespace `custom`.
fn custom(values: Value) -> Value {
    json!({"metafields": {"custom": values}})
}
