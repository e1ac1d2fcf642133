//! Bodies that set custom fields (`src/service/metafield/values.rs`, `schema.rs`).

use patron::entity::metafield_definition::{Entity, FieldType};
use patron::service::input::patch::contains_nul;
use patron::service::metafield::{self, DefinitionInput};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Map, Value, json};

use crate::World;

/// The custom fields of a body are refused and nothing is changed, or they are stored. Stored values are accepted again, as
/// custom fields and as free-form data.
///
/// # Panics
/// If a property does not hold.
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

/// Sets values of custom fields of the first customer, without restoring it.
pub(crate) fn try_values(world: &World, values: &Value) {
    let (before, metafields_path) = (world.customer(), path(world, "/metafields"));
    let body = |values: &Value| json!({"metafields": values}).to_string().into_bytes();
    let response = world.send("PATCH", &metafields_path, &body(values));
    let after = world.customer();
    let Some(data) = response.data() else {
        assert_eq!(after, before, "refused values changed something");
        return;
    };
    assert_eq!(data["metaData"], after.meta_data, "the response");
    assert!(!contains_nul(&after.meta_data), "{}", after.meta_data);
    assert_eq!(before.meta_data.get("free"), after.meta_data.get("free"), "free-form data changed");

    world.send("PATCH", &metafields_path, &body(values)).accepted();
    assert_eq!(world.customer(), after, "the second time changed something");
    // Stored values are valid values.
    let mut stored = after.meta_data.clone();
    stored.as_object_mut().expect("an object").remove("free");
    world.send("PATCH", &metafields_path, &body(&stored)).accepted();
    assert_eq!(world.customer(), after, "the stored values changed something");
    let meta_data = json!({"meta_data": after.meta_data}).to_string();
    world.send("PATCH", &path(world, ""), meta_data.as_bytes()).accepted();
    assert_eq!(world.customer(), after, "the same values as free-form data changed something");
}

/// Defines fields of every type, with every validation, unless they are already defined.
pub(crate) fn define(world: &World) {
    world.run(async {
        if Entity::find().count(world.app().db.reader()).await.expect("the database responds") > 0 {
            return;
        }
        for definition in definitions() {
            metafield::create(
                &world.ctx,
                patron::app::write::Write::of_job(),
                DefinitionInput::from(definition),
            )
            .await
            .expect("the field is defined");
        }
    });
}

fn definitions() -> Vec<Map<String, Value>> {
    use FieldType::{Boolean, Color, Date, Group, Integer, LongText, Number, RichText, ShortText, Url};
    let sub_fields = json!([
        {"key": "zip", "type": "short_text", "required": true, "validations": [{"type": "regexp", "pattern": "^\\d{5}$"}]},
        {"key": "tags", "type": "short_text", "isList": true},
        {"key": "box", "type": "group", "subFields": [{"key": "deep", "type": "integer"}, {"key": "day", "type": "date"}]},
    ]);
    let types = [ShortText, LongText, RichText, Integer, Number, Boolean, Date, Color, Url, Group];
    let plain = types.into_iter().flat_map(|kind| {
        let sub_fields = if kind == Group { sub_fields.clone() } else { json!([]) };
        [false, true].map(|list| {
            let key = format!("{}{}", kind.name(), if list { "_list" } else { "" });
            json!({"fieldKey": key, "fieldType": kind.name(), "isList": list, "subFields": sub_fields})
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
