//! Parses the validations and sub-fields of a definition into the form in which they are stored. Limits apply to each
//! field and to all levels of a definition together, so that the cost of validating a value is bounded.

use std::collections::HashSet;

use sea_orm::prelude::Json;
use serde_json::{Map, Value, json};

use super::{cost, schema};
use crate::entity::metafield_definition::FieldType;
use crate::service::input::patch::{Field, Problems, contains_nul, normalize_numbers};
use crate::service::input::text::TextRule;
use crate::types::is_blank;

/// The maximum length of a key or namespace, in characters.
pub(super) const MAX_KEY: usize = 64;
/// The display name of a field.
pub(super) const FIELD_NAME: TextRule = TextRule::name("Field name");
/// The maximum number of validations of a field.
pub(super) const MAX_VALIDATIONS: usize = 20;
/// The maximum number of values of a `choices` validation.
const MAX_CHOICES: usize = 200;
/// The maximum length of a regular expression, in characters.
const MAX_PATTERN: usize = 500;
/// The maximum number of regular expressions of a definition, on all levels.
const MAX_PATTERNS: usize = 20;
/// The maximum number of states of a regular expression: a match takes a step for each state and each byte of the text.
const MAX_STATES: usize = 400;
/// The maximum number of states of all regular expressions of a definition, on all levels.
const MAX_ALL_STATES: usize = 2000;
/// The maximum number of sub-fields of a group.
pub(super) const MAX_SUB_FIELDS: usize = 50;
/// The maximum number of sub-fields of a definition, on all levels.
const MAX_ALL_SUB_FIELDS: usize = 200;
/// The maximum nesting depth of groups, including the outermost group.
const MAX_LEVEL: usize = 3;

const INVALID_PATTERN: &str =
    "The pattern is not a valid regular expression, is too large, or uses look-around or back-references";

/// Parses validations and sub-fields, and counts what is limited for all levels of a definition together.
pub(super) struct Rules<'a> {
    problems: &'a mut Problems,
    patterns: usize,
    states: usize,
    sub_fields: usize,
}

impl<'a> Rules<'a> {
    pub(super) fn new(problems: &'a mut Problems) -> Self {
        Self { problems, patterns: 0, states: 0, sub_fields: 0 }
    }

    /// Parses the validations of the field at `path`. Without a field type, every kind of validation is accepted.
    pub(super) fn validations(&mut self, path: &str, field: Field, field_type: Option<FieldType>) -> Json {
        let Some(items) = self.list(path, "validations", field) else { return json!([]) };
        if items.len() > MAX_VALIDATIONS {
            self.problems.add(path, format!("A field has at most {MAX_VALIDATIONS} validations"));
            return json!([]);
        }
        let mut validations = Vec::new();
        for (index, mut item) in items.into_iter().enumerate() {
            normalize_numbers(&mut item);
            let rule = self.validation(&item, field_type);
            validations.extend(self.problems.check(&format!("{path}[{index}]"), rule));
        }
        Json::Array(validations)
    }

    fn validation(&mut self, item: &Value, field_type: Option<FieldType>) -> Result<Json, String> {
        use FieldType::{Integer, LongText, Number, ShortText};
        const UNKNOWN: &str = "The type of a validation must be size, range, regexp or choices";
        let rule = item.as_object().ok_or("A validation must be an object")?;
        let name = rule.get("type").and_then(Value::as_str).ok_or(UNKNOWN)?;
        let (text, number) = (&[ShortText, LongText][..], &[Integer, Number][..]);
        let (validation, fits) = match name {
            "size" => (bounds(rule, name, |limit| limit.is_u64())?, [text, &[]]),
            "range" => (bounds(rule, name, Value::is_number)?, [&[], number]),
            "regexp" => (self.pattern(rule)?, [text, &[]]),
            "choices" => (choices(rule, field_type)?, [text, number]),
            _ => return Err(UNKNOWN.to_owned()),
        };
        match field_type {
            Some(field_type) if !fits.concat().contains(&field_type) => {
                Err(format!("A {name} validation does not fit the type {}", field_type.name()))
            }
            _ => Ok(validation),
        }
    }

    fn pattern(&mut self, rule: &Map<String, Value>) -> Result<Json, String> {
        let pattern = rule.get("pattern").and_then(Value::as_str).ok_or("pattern must be a string")?;
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(format!("A definition has at most {MAX_PATTERNS} regexp validations"));
        }
        if pattern.chars().count() > MAX_PATTERN {
            return Err(format!("pattern must be at most {MAX_PATTERN} characters"));
        }
        if pattern.contains('\0') {
            return Err("pattern must not contain NUL".to_owned());
        }
        let states = cost::states(pattern).filter(|states| *states <= MAX_STATES);
        let Some(states) = states.filter(|_| schema::compile(&json!({"pattern": pattern})).is_some()) else {
            return Err(INVALID_PATTERN.to_owned());
        };
        self.states += states;
        if self.states > MAX_ALL_STATES {
            return Err("The regexp validations of the definition are too large together".to_owned());
        }
        Ok(json!({"type": "regexp", "pattern": pattern}))
    }

    /// Parses the sub-fields of a group at this level of nesting. A field of another type can't have sub-fields.
    pub(super) fn sub_fields(
        &mut self,
        path: &str,
        field: Field,
        field_type: Option<FieldType>,
        level: usize,
    ) -> Json {
        let Some(items) = self.list(path, "subFields", field) else { return json!([]) };
        match field_type {
            Some(FieldType::Group) if items.is_empty() => {
                self.problems.add(path, "A group must have sub-fields");
            }
            Some(FieldType::Group) | None => {}
            Some(_) if items.is_empty() => {}
            Some(_) => {
                self.problems.add(path, "Only a group has sub-fields");
                return json!([]);
            }
        }
        self.sub_fields += items.len();
        if items.len() > MAX_SUB_FIELDS {
            self.problems.add(path, format!("A group has at most {MAX_SUB_FIELDS} sub-fields"));
            return json!([]);
        }
        if self.sub_fields > MAX_ALL_SUB_FIELDS {
            let message = format!("A definition has at most {MAX_ALL_SUB_FIELDS} sub-fields on all levels");
            self.problems.add(path, message);
            return json!([]);
        }
        let mut keys = HashSet::new();
        let mut sub_fields = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Value::Object(item) = item else {
                self.problems.add(&path, "A sub-field must be an object");
                continue;
            };
            let sub_field = self.sub_field(&path, item, level);
            if let Some(key) = sub_field["key"].as_str()
                && !keys.insert(key.to_owned())
            {
                self.problems.add(&format!("{path}.key"), format!("The group has two sub-fields \"{key}\""));
            }
            sub_fields.push(sub_field);
        }
        Json::Array(sub_fields)
    }

    fn sub_field(&mut self, path: &str, mut item: Map<String, Value>, level: usize) -> Json {
        let inside = |name: &str| format!("{path}.{name}");
        let mut take = |name| Field::take(&mut item, name);
        let key = parse_key(self.problems, &inside("key"), "key", take("key"));
        let name = match take("name") {
            Field::Absent | Field::Null => key.clone(),
            name => parse_name(self.problems, &inside("name"), name),
        };
        let field_type = parse_type(self.problems, &inside("type"), "type", take("type"));
        let (is_list, required) =
            (self.flag(path, "isList", take("isList")), self.flag(path, "required", take("required")));
        let (validations, sub_fields) = (take("validations"), take("subFields"));
        let validations = self.validations(&inside("validations"), validations, field_type);
        let sub_fields = if field_type == Some(FieldType::Group) && level >= MAX_LEVEL {
            let key = key.as_deref().unwrap_or_default();
            let message = format!("Group nesting exceeds max depth {MAX_LEVEL} at \"{key}\"");
            self.problems.add(&inside("subFields"), message);
            json!([])
        } else {
            self.sub_fields(&inside("subFields"), sub_fields, field_type, level + 1)
        };
        json!({
            "key": key, "name": name, "type": field_type.map(FieldType::name), "isList": is_list,
            "required": required, "validations": validations, "subFields": sub_fields,
        })
    }

    fn flag(&mut self, path: &str, name: &str, field: Field) -> bool {
        match field {
            Field::Absent | Field::Null => false,
            Field::Value(Value::Bool(flag)) => flag,
            Field::Value(_) => {
                self.problems.add(&format!("{path}.{name}"), format!("{name} must be true or false"));
                false
            }
        }
    }

    fn list(&mut self, path: &str, label: &str, field: Field) -> Option<Vec<Value>> {
        match field {
            Field::Absent | Field::Null => Some(Vec::new()),
            Field::Value(Value::Array(items)) => Some(items),
            Field::Value(_) => {
                self.problems.add(path, format!("{label} must be a list"));
                None
            }
        }
    }
}

/// Parses `min` and `max`. At least one of them is required.
fn bounds(rule: &Map<String, Value>, name: &str, fits: impl Fn(&Value) -> bool) -> Result<Json, String> {
    let limit = |name| rule.get(name).filter(|limit| !limit.is_null());
    let (min, max) = (limit("min"), limit("max"));
    let mut validation = json!({"type": name});
    for (side, limit) in [("min", min), ("max", max)] {
        let Some(limit) = limit else { continue };
        if !fits(limit) {
            let expected = if name == "size" { "a whole number, 0 or more" } else { "a number" };
            return Err(format!("{side} must be {expected}"));
        }
        validation[side] = limit.clone();
    }
    match (min.and_then(Value::as_f64), max.and_then(Value::as_f64)) {
        (None, None) => Err(format!("A {name} validation must have min or max")),
        (Some(min), Some(max)) if min > max => Err("min must not be greater than max".to_owned()),
        _ => Ok(validation),
    }
}

fn choices(rule: &Map<String, Value>, field_type: Option<FieldType>) -> Result<Json, String> {
    let values = rule.get("values").and_then(Value::as_array).ok_or("values must be a list")?;
    if values.is_empty() || values.len() > MAX_CHOICES {
        return Err(format!("values must be a list of 1 to {MAX_CHOICES}"));
    }
    let (expected, fits): (_, fn(&Value) -> bool) = match field_type {
        Some(FieldType::Integer) => ("integers", |value| value.is_i64() || value.is_u64()),
        Some(FieldType::Number) => ("numbers", Value::is_number),
        Some(FieldType::ShortText | FieldType::LongText) => ("strings", Value::is_string),
        _ => ("strings or numbers", |value| value.is_string() || value.is_number()),
    };
    if !values.iter().all(fits) {
        return Err(format!("values must be {expected}"));
    }
    if values.iter().any(contains_nul) {
        return Err("values must not contain NUL".to_owned());
    }
    Ok(json!({"type": "choices", "values": values}))
}

/// Parses a required text. `path` is the field that errors refer to, `label` its name in messages.
pub(super) fn required_text(
    problems: &mut Problems,
    path: &str,
    label: &str,
    field: Field,
) -> Option<String> {
    match field {
        Field::Value(Value::String(text)) if !text.is_empty() => return Some(text),
        Field::Absent | Field::Null | Field::Value(Value::String(_)) => {
            problems.add(path, format!("{label} is required"));
        }
        Field::Value(_) => problems.add(path, format!("{label} must be a string")),
    }
    None
}

/// Parses a key or a namespace.
pub(super) fn parse_key(problems: &mut Problems, path: &str, label: &str, field: Field) -> Option<String> {
    let text = required_text(problems, path, label, field)?;
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.chars().all(tail) {
        let message = "must start with a letter and contain only lowercase letters, digits, or underscores";
        problems.add(path, format!("{label} {message}"));
        return None;
    }
    if text.len() > MAX_KEY {
        problems.add(path, format!("{label} must be at most {MAX_KEY} characters"));
        return None;
    }
    Some(text)
}

/// Parses the display name of a field.
pub(super) fn parse_name(problems: &mut Problems, path: &str, field: Field) -> Option<String> {
    let name = required_text(problems, path, FIELD_NAME.label, field)?;
    if is_blank(&name) {
        problems.add(path, "Field name is required");
    } else if let Err(message) = FIELD_NAME.check(&name) {
        problems.add(path, message);
    }
    Some(name)
}

/// Parses the type of a field.
pub(super) fn parse_type(
    problems: &mut Problems,
    path: &str,
    label: &str,
    field: Field,
) -> Option<FieldType> {
    let text = required_text(problems, path, label, field)?;
    let field_type = FieldType::parse(&text);
    problems.check(path, field_type.ok_or(format!("{label} must be one of the supported metafield types")))
}
