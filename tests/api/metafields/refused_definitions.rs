//! Definitions that are refused, with their messages.

use serde_json::{Value, json};

use super::definitions::stored;
use super::{DEFINITIONS, define, definition};
use crate::support::{Actor, apply, on_both_databases};

/// Groups nested to this number of levels, with a text in the innermost.
fn nested(levels: usize) -> Value {
    let mut field = json!({"key": "text", "type": "short_text"});
    for level in (2..=levels).rev() {
        field = json!({"key": format!("level{level}"), "type": "group", "subFields": [field]});
    }
    json!({"subFields": [field]})
}

#[apply(on_both_databases!)]
async fn invalid_definitions_are_refused(app: &TestApp) {
    let response = app.admin().post(DEFINITIONS, &json!({})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(
        response.details(),
        [
            ("ownerType", "ownerType is required"),
            ("fieldKey", "fieldKey is required"),
            ("name", "Field name is required"),
            ("fieldType", "fieldType is required"),
        ]
    );
    const KEY: &str = "must start with a letter and contain only lowercase letters, digits, or underscores";
    const TYPE: &str = "must be one of the supported metafield types";
    for (field, value, message) in [
        ("ownerType", json!("product"), "ownerType must be \"customer\"".to_owned()),
        ("ownerType", json!(1), "ownerType must be a string".to_owned()),
        ("namespace", json!("Custom"), format!("namespace {KEY}")),
        ("namespace", json!("a.b"), format!("namespace {KEY}")),
        ("namespace", json!("a".repeat(65)), "namespace must be at most 64 characters".to_owned()),
        ("fieldKey", json!("1a"), format!("fieldKey {KEY}")),
        ("fieldKey", json!("_a"), format!("fieldKey {KEY}")),
        ("fieldKey", json!("á"), format!("fieldKey {KEY}")),
        ("fieldKey", json!("a\n"), format!("fieldKey {KEY}")),
        ("fieldKey", json!(""), "fieldKey is required".to_owned()),
        ("name", json!("  "), "Field name is required".to_owned()),
        ("name", json!(null), "Field name is required".to_owned()),
        ("name", json!(5), "Field name must be a string".to_owned()),
        ("name", json!("x".repeat(256)), "Field name must be at most 255 characters".to_owned()),
        ("description", json!("a\0"), "description must not contain NUL".to_owned()),
        ("description", json!("x".repeat(1001)), "description must be at most 1000 characters".to_owned()),
        ("fieldType", json!("text"), format!("fieldType {TYPE}")),
        ("fieldType", json!("Short_Text"), format!("fieldType {TYPE}")),
        ("isList", json!("yes"), "isList must be true or false".to_owned()),
        ("required", json!(1), "required must be true or false".to_owned()),
        ("visibleToCustomer", json!([]), "visibleToCustomer must be true or false".to_owned()),
        ("validations", json!({}), "validations must be a list".to_owned()),
        ("subFields", json!("x"), "subFields must be a list".to_owned()),
        ("subFields", json!([{"key": "a", "type": "integer"}]), "Only a group has sub-fields".to_owned()),
        ("position", json!(1.5), "position must be an integer".to_owned()),
        ("position", json!(3_000_000_000_i64), "position must be an integer".to_owned()),
    ] {
        let response =
            app.admin().post(DEFINITIONS, &definition("a", "short_text", json!({field: value}))).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [(field, message.as_str())], "{value}");
    }
    assert_eq!(stored(app).await, []);
}

const UNKNOWN: &str = "The type of a validation must be size, range, regexp or choices";
const PATTERN: &str =
    "The pattern is not a valid regular expression, is too large, or uses look-around or back-references";

fn choices(count: usize) -> Vec<Value> {
    (0..count).map(|number| json!(format!("choice {number}"))).collect()
}

/// Types, with rules that are refused and their messages.
fn invalid_rules() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("short_text", json!("size"), "A validation must be an object"),
        ("short_text", json!({"min": 1}), UNKNOWN),
        ("short_text", json!({"type": "length", "min": 1}), UNKNOWN),
        ("short_text", json!({"type": "size"}), "A size validation must have min or max"),
        ("short_text", json!({"type": "size", "min": 3, "max": 2}), "min must not be greater than max"),
        ("short_text", json!({"type": "size", "min": -1}), "min must be a whole number, 0 or more"),
        ("short_text", json!({"type": "size", "max": "5"}), "max must be a whole number, 0 or more"),
        ("integer", json!({"type": "size", "min": 1}), "A size validation does not fit the type integer"),
        (
            "boolean",
            json!({"type": "choices", "values": ["a"]}),
            "A choices validation does not fit the type boolean",
        ),
        (
            "short_text",
            json!({"type": "range", "min": 1}),
            "A range validation does not fit the type short_text",
        ),
        ("number", json!({"type": "range", "min": 1.5, "max": 1}), "min must not be greater than max"),
        ("number", json!({"type": "range", "min": "1"}), "min must be a number"),
        (
            "number",
            json!({"type": "regexp", "pattern": "a"}),
            "A regexp validation does not fit the type number",
        ),
        ("date", json!({"type": "regexp", "pattern": "a"}), "A regexp validation does not fit the type date"),
        ("long_text", json!({"type": "regexp"}), "pattern must be a string"),
        (
            "long_text",
            json!({"type": "regexp", "pattern": "a".repeat(501)}),
            "pattern must be at most 500 characters",
        ),
        ("long_text", json!({"type": "regexp", "pattern": "a\0"}), "pattern must not contain NUL"),
        ("long_text", json!({"type": "regexp", "pattern": "("}), PATTERN),
        ("long_text", json!({"type": "regexp", "pattern": "(?=a)b"}), PATTERN),
        ("long_text", json!({"type": "regexp", "pattern": "(a)\\1"}), PATTERN),
        ("long_text", json!({"type": "regexp", "pattern": "(((a{100}){100}){100}){100}"}), PATTERN),
        ("short_text", json!({"type": "choices"}), "values must be a list"),
        ("short_text", json!({"type": "choices", "values": []}), "values must be a list of 1 to 200"),
        (
            "short_text",
            json!({"type": "choices", "values": choices(201)}),
            "values must be a list of 1 to 200",
        ),
        ("short_text", json!({"type": "choices", "values": ["a", 1]}), "values must be strings"),
        ("short_text", json!({"type": "choices", "values": ["a\0"]}), "values must not contain NUL"),
        ("integer", json!({"type": "choices", "values": [1, 1.5]}), "values must be integers"),
        ("number", json!({"type": "choices", "values": [1, "1"]}), "values must be numbers"),
    ]
}

#[apply(on_both_databases!)]
async fn invalid_validations_are_refused(app: &TestApp) {
    let url = define(app, "stays", "short_text", json!({})).await;
    for (field_type, rule, message) in invalid_rules() {
        let good = match field_type {
            "short_text" | "long_text" => json!({"type": "size", "min": 1}),
            "integer" | "number" => json!({"type": "range", "min": 1}),
            _ => rule.clone(),
        };
        let response = app
            .admin()
            .post(DEFINITIONS, &definition("a", field_type, json!({"validations": [good, rule]})))
            .await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details().last().unwrap(), &("validations[1]", message), "{rule}");
    }
    let size = json!({"type": "size", "min": 1});
    let response = app.admin().patch(&url, &json!({"validations": vec![size.clone(); 21]})).await;
    assert_eq!(response.details(), [("validations", "A field has at most 20 validations")]);
    assert_eq!(stored(app).await.len(), 1);
    assert_eq!(stored(app).await[0].validations, json!([]));
    // The maximum is accepted.
    app.admin().patch(&url, &json!({"validations": vec![size; 20]})).await.data();
    let rules = json!([{"type": "choices", "values": choices(200)}, {"type": "regexp", "pattern": "a".repeat(390)}, {"type": "regexp", "pattern": "^\\p{L}+ \\d{2,5}$"}]);
    app.admin().patch(&url, &json!({"validations": rules})).await.data();
}

/// Properties of groups that are refused, with the field and the message of the problem.
fn invalid_groups() -> Vec<(Value, &'static str, &'static str)> {
    let fields = |count: usize| {
        (0..count).map(|number| json!({"key": format!("k{number}"), "type": "integer"})).collect::<Vec<_>>()
    };
    let groups = (0..5)
        .map(|number| json!({"key": format!("g{number}"), "type": "group", "subFields": fields(40)}))
        .collect::<Vec<_>>();
    vec![
        (json!({}), "subFields", "A group must have sub-fields"),
        (json!({"subFields": fields(51)}), "subFields", "A group has at most 50 sub-fields"),
        (
            json!({"subFields": groups}),
            "subFields[4].subFields",
            "A definition has at most 200 sub-fields on all levels",
        ),
        (
            nested(4),
            "subFields[0].subFields[0].subFields[0].subFields",
            "Group nesting exceeds max depth 3 at \"level4\"",
        ),
    ]
}

/// The same, with two sub-fields, of which the second is refused.
fn invalid_second_sub_fields() -> Vec<(Value, &'static str, &'static str)> {
    let with = |field: Value| json!({"subFields": [{"key": "ok", "type": "integer"}, field]});
    vec![
        (with(json!(5)), "subFields[1]", "A sub-field must be an object"),
        (
            with(json!({"key": "a b", "type": "integer"})),
            "subFields[1].key",
            "key must start with a letter and contain only lowercase letters, digits, or underscores",
        ),
        (with(json!({"type": "integer"})), "subFields[1].key", "key is required"),
        (with(json!({"key": "a"})), "subFields[1].type", "type is required"),
        (
            with(json!({"key": "a", "type": "text"})),
            "subFields[1].type",
            "type must be one of the supported metafield types",
        ),
        (
            with(json!({"key": "a", "type": "integer", "name": ""})),
            "subFields[1].name",
            "Field name is required",
        ),
        (
            with(json!({"key": "a", "type": "integer", "required": "x"})),
            "subFields[1].required",
            "required must be true or false",
        ),
        (
            with(json!({"key": "a", "type": "group"})),
            "subFields[1].subFields",
            "A group must have sub-fields",
        ),
        (
            with(json!({"key": "ok", "type": "url"})),
            "subFields[1].key",
            "The group has two sub-fields \"ok\"",
        ),
        (
            with(json!({"key": "a", "type": "url", "validations": [{"type": "size", "min": 1}]})),
            "subFields[1].validations[0]",
            "A size validation does not fit the type url",
        ),
    ]
}

#[apply(on_both_databases!)]
async fn invalid_sub_fields_are_refused(app: &TestApp) {
    for (extra, field, message) in [invalid_groups(), invalid_second_sub_fields()].concat() {
        let response = app.admin().post(DEFINITIONS, &definition("a", "group", extra)).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [(field, message)]);
    }
    assert_eq!(stored(app).await, []);
    let response = app.admin().post(DEFINITIONS, &definition("a", "group", nested(3))).await;
    let sub_field = json!({"key": "text", "name": "text", "type": "short_text", "isList": false, "required": false, "validations": [], "subFields": []});
    assert_eq!(response.data()["subFields"][0]["subFields"][0]["subFields"], json!([sub_field]));
    // The merged definition is validated: a group must keep sub-fields.
    let url = response.header("location").unwrap().to_owned();
    assert_eq!(
        app.admin().patch(&url, &json!({"subFields": []})).await.message(),
        "A group must have sub-fields"
    );
}
