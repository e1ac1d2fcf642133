//! Bodies that define custom fields (`src/service/metafield/input.rs`, `rules.rs`), and values of such fields.

use patron::entity::metafield_definition::{Entity, Model};
use patron::service::input::patch::contains_nul;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::World;
use crate::text::is_line;

/// A body is refused and defines nothing, or defines a field within the limits. The same body then changes nothing, and
/// every value of the field is refused or stored.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let response = world.send("POST", "/api/metafield-definitions", input);
    let Some(data) = response.data() else {
        assert_eq!(rows(world), [], "a refused body defined a field");
        return;
    };
    let mut created = rows(world);
    let row = created.pop().expect("a definition");
    assert_eq!(created, [], "two definitions");
    assert_within_limits(&row);
    for (name, stored) in [("validations", &row.validations), ("subFields", &row.sub_fields)] {
        assert_eq!(data[name], *stored, "the response");
    }

    let path = format!("/api/metafield-definitions/{}", row.uuid);
    world.send("PATCH", &path, input).accepted();
    assert_eq!(rows(world), std::slice::from_ref(&row), "the second time changed something");
    let returned = json!({
        "name": data["name"], "description": data["description"], "validations": data["validations"],
        "subFields": data["subFields"], "position": data["position"], "required": data["required"],
    });
    world.send("PATCH", &path, returned.to_string().as_bytes()).accepted();
    assert_eq!(rows(world), std::slice::from_ref(&row), "the returned fields changed something");

    for value in values() {
        let value = json!({row.namespace.as_str(): {row.field_key.as_str(): value}});
        super::values::try_values(world, &value);
    }
    world.send("DELETE", &path, b"").accepted();
    // The worker deletes the definition later, but the next input needs an empty table now.
    world.run(Entity::delete_many().exec(world.app().db.writer())).expect("the database responds");
    world.restore();
}

/// Values of each type, and lists of them.
fn values() -> Vec<Value> {
    let plain = [
        json!("gold"),
        json!("two\nlines"),
        json!("\u{1F600}é"),
        json!("2026-01-31"),
        json!("#1a2b3c"),
        json!("https://example.com/a?b#c"),
        json!(12),
        json!(-0.5),
        json!(1e300),
        json!(true),
        json!({"a": "b", "inner": {"deep": [1]}}),
        json!(null),
    ];
    let lists = [json!([]), json!(["gold", "silver"]), json!([1, 2.5]), json!([{"a": 1}, {}])];
    plain.into_iter().chain(lists).collect()
}

fn rows(world: &World) -> Vec<Model> {
    world.run(Entity::find().all(world.app().db.reader())).expect("the database responds")
}

fn assert_within_limits(row: &Model) {
    assert_eq!(row.owner_type, "customer");
    assert!(is_key(&row.namespace) && is_key(&row.field_key), "{row:?}");
    assert!(is_line(&row.name, 255), "{:?}", row.name);
    let description = row.description.as_deref().unwrap_or_default();
    assert!(description.chars().count() <= 1000 && !description.contains('\0'), "{description:?}");
    assert!(!contains_nul(&row.validations) && !contains_nul(&row.sub_fields), "{row:?}");
    let (count, patterns) = sub_fields(&row.sub_fields, &row.field_type.name(), 1);
    let patterns = patterns + rules(&row.validations);
    assert!(count <= 200 && patterns <= 20, "{count} sub-fields, {patterns} regular expressions");
}

fn is_key(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_ascii_lowercase())
        && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && text.len() <= 64
}

/// Checks the limits of validations, and counts their regular expressions.
fn rules(validations: &Value) -> usize {
    let rules = validations.as_array().expect("a list");
    assert!(rules.len() <= 20, "{} validations", rules.len());
    for rule in rules {
        let bound = |name: &str| rule[name].as_f64();
        match rule["type"].as_str().expect("a type") {
            "size" | "range" => {
                assert!(bound("min").is_some() || bound("max").is_some(), "{rule}");
                assert!(bound("min").zip(bound("max")).is_none_or(|(min, max)| min <= max), "{rule}");
            }
            "regexp" => assert!(rule["pattern"].as_str().expect("a text").chars().count() <= 500, "{rule}"),
            "choices" => {
                let count = rule["values"].as_array().expect("a list").len();
                assert!((1..=200).contains(&count), "{count} choices");
            }
            other => panic!("a validation {other}"),
        }
    }
    rules.iter().filter(|rule| rule["type"] == "regexp").count()
}

/// Checks the limits of sub-fields, and counts the sub-fields of all levels and their regular expressions.
fn sub_fields(list: &Value, field_type: &str, level: usize) -> (usize, usize) {
    let list = list.as_array().expect("a list");
    assert_eq!(!list.is_empty(), field_type == "group", "only groups have sub-fields");
    assert!(list.len() <= 50 && (list.is_empty() || level <= 3), "{} on level {level}", list.len());
    let mut counts = (list.len(), 0);
    let mut keys = std::collections::HashSet::new();
    for field in list {
        let key = field["key"].as_str().expect("a key");
        assert!(is_key(key) && keys.insert(key), "{key}");
        assert!(is_line(field["name"].as_str().expect("a name"), 255), "{field}");
        let inner = sub_fields(&field["subFields"], field["type"].as_str().expect("a type"), level + 1);
        counts = (counts.0 + inner.0, counts.1 + inner.1 + rules(&field["validations"]));
    }
    counts
}
