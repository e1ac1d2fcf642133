//! Bodies that set custom fields (`src/service/metafield/values.rs`, `schema.rs`).

use patron::entity::metafield_definition::{Entity, FieldType};
use patron::service::input::patch::holds_nul;
use patron::service::metafield::{self, DefinitionInput};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Map, Value, json};

use crate::World;

/// The custom fields of a body are refused and nothing is changed, or they are kept; what is kept is accepted again,
/// here and as free-form data.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    define(world);
    match crate::object(input) {
        Some(mut body) => try_values(world, &body.remove("metafields").unwrap_or_default()),
        None => assert!(world.send("PATCH", &path(world, "/metafields"), input).data().is_none()),
    }
    world.restore();
}

fn path(world: &World, rest: &str) -> String {
    format!("/api/customers/{}{rest}", world.customer().uuid)
}

/// Sets values of custom fields of the first customer; they stay.
pub(crate) fn try_values(world: &World, values: &Value) {
    let (before, path_of_fields) = (world.customer(), path(world, "/metafields"));
    let body = |values: &Value| json!({"metafields": values}).to_string().into_bytes();
    let answer = world.send("PATCH", &path_of_fields, &body(values));
    let after = world.customer();
    let Some(data) = answer.data() else {
        assert_eq!(after, before, "values that were refused changed something");
        return;
    };
    assert_eq!(data["metaData"], after.meta_data, "the answer");
    assert!(!holds_nul(&after.meta_data), "{}", after.meta_data);
    assert_eq!(before.meta_data.get("free"), after.meta_data.get("free"), "what is no custom field stays");

    world.send("PATCH", &path_of_fields, &body(values)).accepted();
    assert_eq!(world.customer(), after, "the second time changed something");
    // As it is stored now: fields that are kept are fields that may be set.
    let mut kept = after.meta_data.clone();
    kept.as_object_mut().expect("an object").remove("free");
    world.send("PATCH", &path_of_fields, &body(&kept)).accepted();
    assert_eq!(world.customer(), after, "what is stored changed something");
    let whole = json!({"meta_data": after.meta_data}).to_string();
    world.send("PATCH", &path(world, ""), whole.as_bytes()).accepted();
    assert_eq!(world.customer(), after, "the same as free-form data changed something");
}

/// Defines fields of every type, with every validation, once.
pub(crate) fn define(world: &World) {
    world.run(async {
        if Entity::find().count(world.app().db.reader()).await.expect("the database answers") > 0 {
            return;
        }
        for definition in definitions() {
            metafield::create(
                &world.ctx,
                patron::app::write::Write::of_job(),
                DefinitionInput::from(definition),
            )
            .await
            .expect("it is defined");
        }
    });
}

fn definitions() -> Vec<Map<String, Value>> {
    use FieldType::{Boolean, Color, Date, Group, Integer, LongText, Number, RichText, ShortText, Url};
    let inner = json!([
        {"key": "zip", "type": "short_text", "required": true, "validations": [{"type": "regexp", "pattern": "^\\d{5}$"}]},
        {"key": "tags", "type": "short_text", "isList": true},
        {"key": "box", "type": "group", "subFields": [{"key": "deep", "type": "integer"}, {"key": "day", "type": "date"}]},
    ]);
    let types = [ShortText, LongText, RichText, Integer, Number, Boolean, Date, Color, Url, Group];
    let plain = types.into_iter().flat_map(|kind| {
        let inner = if kind == Group { inner.clone() } else { json!([]) };
        [false, true].map(|list| {
            let key = format!("{}{}", kind.name(), if list { "_list" } else { "" });
            json!({"fieldKey": key, "fieldType": kind.name(), "isList": list, "subFields": inner})
        })
    });
    let rules = [
        json!({"fieldKey": "tier", "fieldType": "short_text", "validations": [{"type": "choices", "values": ["gold", "1"]}]}),
        json!({"fieldKey": "size", "fieldType": "integer", "validations": [{"type": "range", "min": -1, "max": 9}]}),
        json!({"fieldKey": "some", "fieldType": "number", "validations": [{"type": "choices", "values": [0.5, 1e3]}]}),
        json!({"fieldKey": "code", "fieldType": "long_text", "validations": [
            {"type": "size", "min": 2, "max": 5}, {"type": "regexp", "pattern": "^(\\p{Lu}|[a-z_])+$"},
        ]}),
    ];
    let complete = |mut definition: Value| {
        let name = definition["fieldKey"].clone();
        definition["name"] = name;
        definition["ownerType"] = "customer".into();
        definition["namespace"] = "f".into();
        definition.as_object().cloned().expect("an object")
    };
    plain.chain(rules).map(complete).collect()
}
