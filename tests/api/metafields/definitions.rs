//! `POST`, `PATCH` and `DELETE` of definitions, and reading them over GraphQL.

use std::time::Duration;

use chrono::TimeDelta;
use patron::entity::metafield_definition;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect, Select};
use serde_json::{Value, json};

use super::{DEFINITIONS, define, definition};
use crate::support::{Actor, NOW, TestApp, apply, on_both_databases};

/// All definitions, the oldest first.
fn select() -> Select<metafield_definition::Entity> {
    metafield_definition::Entity::find().order_by_asc(metafield_definition::Column::MetafieldDefinitionId)
}

async fn stored(app: &TestApp) -> Vec<metafield_definition::Model> {
    select().all(app.app.db.writer()).await.unwrap()
}

/// Groups nested to this number of levels, with a text in the innermost.
fn nested(levels: usize) -> Value {
    let mut field = json!({"key": "text", "type": "short_text"});
    for level in (2..=levels).rev() {
        field = json!({"key": format!("level{level}"), "type": "group", "subFields": [field]});
    }
    json!({"subFields": [field]})
}

#[apply(on_both_databases!)]
async fn definitions_are_created_changed_and_deleted(app: &TestApp) {
    let response = app.admin().post(DEFINITIONS, &json!({"ownerType": "customer", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "short_text"})).await;
    assert_eq!(response.status, 201, "{response:?}");
    let row = response.data();
    let url = format!("{DEFINITIONS}/{}", row["uuid"].as_str().unwrap());
    assert_eq!(response.header("location"), Some(url.as_str()));
    assert_eq!(
        response.text,
        format!(
            r#"{{"data":{{"uuid":{},"ownerType":"customer","namespace":"custom","key":"loyalty","name":"Loyalty","description":null,"type":"short_text","isList":false,"required":false,"visibleToCustomer":true,"validations":[],"subFields":[],"position":0,"createdAt":"{NOW}","updatedAt":"{NOW}"}}}}"#,
            row["uuid"]
        )
    );
    app.app.clock.advance(TimeDelta::seconds(1));
    let same = json!({"ownerType": "customer", "namespace": "custom", "fieldKey": "loyalty", "fieldType": "short_text", "isList": false,
        "name": "Loyalty", "description": null, "validations": [], "subFields": null, "position": 0, "unknown": 1});
    for unchanged in [json!({}), same] {
        assert_eq!(app.admin().patch(&url, &unchanged).await.data(), row, "nothing changes");
    }
    let rules = json!([{"type": "size", "min": 2.0, "max": 5, "unknown": 1}, {"type": "choices", "values": ["gold", "silver"]}]);
    let changes = json!({"name": "Level", "description": "What it is", "required": true, "visibleToCustomer": false, "validations": rules, "position": -3.0});
    let changed = app.admin().patch(&url, &changes).await.data();
    let rules =
        json!([{"type": "size", "min": 2, "max": 5}, {"type": "choices", "values": ["gold", "silver"]}]);
    for (name, value) in [
        ("name", json!("Level")),
        ("description", json!("What it is")),
        ("required", json!(true)),
        ("visibleToCustomer", json!(false)),
        ("validations", rules),
        ("position", json!(-3)),
        ("createdAt", json!(NOW)),
        ("updatedAt", json!("2026-01-02T03:04:06.678Z")),
    ] {
        assert_eq!(changed[name], value, "{name}");
    }
    let cleared = app.admin().patch(&url, &json!({"description": null, "required": null, "visibleToCustomer": null, "validations": null, "position": null})).await.data();
    assert_eq!(
        (
            &cleared["description"],
            &cleared["required"],
            &cleared["visibleToCustomer"],
            &cleared["validations"],
            &cleared["position"]
        ),
        (&Value::Null, &json!(false), &json!(true), &json!([]), &json!(0))
    );
    assert_eq!(app.admin().delete(&url).await.data()["key"], "loyalty");
    for response in [app.admin().delete(&url).await, app.admin().patch(&url, &json!({"name": "x"})).await] {
        response.assert_failure(404, "not_found");
    }
    for unknown in ["x", "%FF", "00000000-0000-0000-0000-000000000000"] {
        app.admin()
            .patch(&format!("{DEFINITIONS}/{unknown}"), &json!({}))
            .await
            .assert_failure(404, "not_found");
    }
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

#[apply(on_both_databases!)]
async fn invalid_validations_are_refused(app: &TestApp) {
    let url = define(app, "stays", "short_text", json!({})).await;
    let many = |count: usize| (0..count).map(|number| json!(format!("choice {number}"))).collect::<Vec<_>>();
    const UNKNOWN: &str = "The type of a validation must be size, range, regexp or choices";
    const PATTERN: &str =
        "The pattern is not a valid regular expression, is too large, or uses look-around or back-references";
    for (field_type, rule, message) in [
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
        ("short_text", json!({"type": "choices", "values": many(201)}), "values must be a list of 1 to 200"),
        ("short_text", json!({"type": "choices", "values": ["a", 1]}), "values must be strings"),
        ("short_text", json!({"type": "choices", "values": ["a\0"]}), "values must not contain NUL"),
        ("integer", json!({"type": "choices", "values": [1, 1.5]}), "values must be integers"),
        ("number", json!({"type": "choices", "values": [1, "1"]}), "values must be numbers"),
    ] {
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
    let rules = json!([{"type": "choices", "values": many(200)}, {"type": "regexp", "pattern": "a".repeat(390)}, {"type": "regexp", "pattern": "^\\p{L}+ \\d{2,5}$"}]);
    app.admin().patch(&url, &json!({"validations": rules})).await.data();
}

#[apply(on_both_databases!)]
async fn invalid_sub_fields_are_refused(app: &TestApp) {
    let fields = |count: usize| {
        (0..count).map(|number| json!({"key": format!("k{number}"), "type": "integer"})).collect::<Vec<_>>()
    };
    let groups = (0..5)
        .map(|number| json!({"key": format!("g{number}"), "type": "group", "subFields": fields(40)}))
        .collect::<Vec<_>>();
    let with = |field: Value| json!({"subFields": [{"key": "ok", "type": "integer"}, field]});
    for (extra, field, message) in [
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
    ] {
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

#[apply(on_both_databases!)]
async fn the_identity_cannot_change(app: &TestApp) {
    let url = define(app, "loyalty", "integer", json!({})).await;
    for (field, value, name) in [
        ("ownerType", json!("product"), "ownerType"),
        ("namespace", json!("other"), "namespace"),
        ("fieldKey", json!("other"), "key"),
        ("fieldKey", json!(5), "key"),
        ("fieldType", json!("number"), "type"),
        ("isList", json!(true), "isList"),
    ] {
        let response = app.admin().patch(&url, &json!({field: value, "name": "Other"})).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(
            response.details(),
            [(field, format!("\"{name}\" cannot be changed after creation").as_str())]
        );
    }
    assert_eq!(stored(app).await[0].name, "loyalty");
}

#[apply(on_both_databases!)]
async fn names_are_unique_and_definitions_limited_to_100(app: &TestApp) {
    define(app, "loyalty", "integer", json!({})).await;
    let response = app.admin().post(DEFINITIONS, &definition("loyalty", "short_text", json!({}))).await;
    response.assert_failure(409, "conflict");
    assert_eq!(
        response.message(),
        "A metafield definition \"custom.loyalty\" already exists for \"customer\""
    );
    define(app, "loyalty", "integer", json!({"namespace": "other"})).await;
    for number in 2..95 {
        define(app, &format!("k{number}"), "integer", json!({})).await;
    }
    let admin = app.admin();
    let create = async |number: usize| {
        admin.post(DEFINITIONS, &definition(&format!("more{number}"), "integer", json!({}))).await
    };
    let responses = futures_util::future::join_all((0..20).map(create)).await;
    responses
        .iter()
        .filter(|response| response.status != 201)
        .for_each(|response| response.assert_failure(409, "conflict"));
    assert_eq!(stored(app).await.len(), 100);
}

/// The hundredth definition is not committed yet: the creation of another waits for it.
#[apply(on_both_databases!)]
async fn concurrent_creations_respect_the_limit(app: &TestApp) {
    for number in 1..=99 {
        define(app, &format!("k{number}"), "integer", json!({})).await;
    }
    let transaction = app.app.db.begin().await.unwrap();
    let oldest = select().lock_exclusive().one(&transaction).await.unwrap().unwrap();
    let row = metafield_definition::ActiveModel {
        metafield_definition_id: NotSet,
        uuid: Set(app.app.random.uuid()),
        field_key: Set("k100".to_owned()),
        ..oldest.into_active_model().reset_all()
    };
    row.insert(&transaction).await.unwrap();
    let commit = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        transaction.commit().await.unwrap();
    };
    let admin = app.admin();
    let body = definition("k101", "integer", json!({}));
    let (response, ()) = futures_util::future::join(admin.post(DEFINITIONS, &body), commit()).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "There are at most 100 metafield definitions for \"customer\"");
}

#[apply(on_both_databases!)]
async fn concurrent_definitions_of_one_name_are_created_once(app: &TestApp) {
    let admin = app.admin();
    let create = async |_| admin.post(DEFINITIONS, &definition("loyalty", "integer", json!({}))).await;
    let responses = futures_util::future::join_all((0..20).map(create)).await;
    assert_eq!(responses.iter().filter(|response| response.status == 201).count(), 1);
    for response in responses.iter().filter(|response| response.status != 201) {
        response.assert_failure(409, "conflict");
        assert_eq!(
            response.message(),
            "A metafield definition \"custom.loyalty\" already exists for \"customer\""
        );
    }
}

#[apply(on_both_databases!)]
async fn only_admins_manage_definitions(app: &TestApp) {
    let url = define(app, "loyalty", "integer", json!({})).await;
    let customer = app.customer("a@x.io").await;
    for response in [
        customer.post(DEFINITIONS, &json!({})).await,
        customer.patch(&url, &json!({})).await,
        customer.delete(&url).await,
    ] {
        response.assert_failure(403, "forbidden");
    }
    for response in [
        app.anonymous().post(DEFINITIONS, &json!({})).await,
        app.anonymous().patch(&url, &json!({})).await,
        app.anonymous().delete(&url).await,
    ] {
        response.assert_failure(401, "unauthenticated");
    }
    assert_eq!(stored(app).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn definitions_are_read_over_graphql(app: &TestApp) {
    let query = "query ($o: String!) { metafieldDefinitions(ownerType: $o) { ownerType namespace key name description type isList required visibleToCustomer validations subFields position createdAt updatedAt } }";
    define(app, "last", "long_text", json!({"position": 1})).await;
    define(app, "first", "group", json!({"isList": true, "required": true, "visibleToCustomer": false, "description": "x", "subFields": [{"key": "a", "type": "url"}]})).await;
    let second = define(app, "second", "color", json!({})).await;
    let deleted = define(app, "gone", "date", json!({})).await;
    app.admin().delete(&deleted).await.data();
    let response = app.admin().query_with(query, json!({"o": "customer"})).await.data();
    let rows = response["metafieldDefinitions"].as_array().unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["first", "second", "last"]);
    let sub_field = json!({"key": "a", "name": "a", "type": "url", "isList": false, "required": false, "validations": [], "subFields": []});
    assert_eq!(
        rows[0],
        json!({"ownerType": "customer", "namespace": "custom", "key": "first", "name": "first", "description": "x", "type": "group", "isList": true,
        "required": true, "visibleToCustomer": false, "validations": [], "subFields": [sub_field], "position": 0, "createdAt": NOW, "updatedAt": NOW})
    );
    for unknown in ["product", "", "Customer", "a\0b"] {
        assert_eq!(
            app.admin().query_with(query, json!({"o": unknown})).await.data(),
            json!({"metafieldDefinitions": []})
        );
    }
    app.admin().delete(&second).await.data();
    assert_eq!(
        app.admin().query_with(query, json!({"o": "customer"})).await.data()["metafieldDefinitions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
