//! Values of custom fields against their definition, by way of JSON Schema (2020-12).

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::compiled::{Compiled, compiled};
use super::cost::{Budget, Costs};
use super::name_of;
use crate::entity::metafield_definition::{FieldType, Model};
use crate::service::input::patch::holds_nul;

/// The longest one-line text, in characters.
const MAX_SHORT_TEXT: usize = 1000;
/// The longest text, in characters.
const MAX_LONG_TEXT: usize = 65535;
/// The most items of a list.
const MAX_ITEMS: usize = 100;
/// Up to here every whole number has a float of its own (IEEE 754, binary64), in whatever language a client is.
const MAX_INTEGER: i64 = 9_007_199_254_740_991;
/// The largest compiled regular expression, in bytes. What new definitions may have is less: see `rules.rs`.
pub(super) const MAX_COMPILED: usize = 64 * 1024;
/// The most problems that are told of one field.
const MAX_PROBLEMS: usize = 10;
/// The longest message, in characters.
const MAX_MESSAGE: usize = 300;

const ONE_LINE: &str = "^[^\\n\\r\\u2028\\u2029]*$";
const COLOR: &str = "^#[0-9a-fA-F]{6}$";
const WEB: &str = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]";

/// A field or sub-field, as far as its values depend on it.
struct Kind<'a> {
    field_type: FieldType,
    is_list: bool,
    validations: &'a Value,
    sub_fields: &'a Value,
}

impl<'a> Kind<'a> {
    fn of(definition: &'a Model) -> Self {
        Self {
            field_type: definition.field_type,
            is_list: definition.is_list,
            validations: &definition.validations,
            sub_fields: &definition.sub_fields,
        }
    }

    /// The sub-fields with their keys and whether they are required. What EverShop may have written otherwise
    /// than this program does is left out.
    fn sub_fields(&self) -> impl Iterator<Item = (&'a str, bool, Self)> {
        let items = self.sub_fields.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| {
            let kind = Self {
                field_type: FieldType::parse(item["type"].as_str()?)?,
                is_list: item["isList"] == true,
                validations: &item["validations"],
                sub_fields: &item["subFields"],
            };
            Some((item["key"].as_str()?, item["required"] == true, kind))
        })
    }

    /// The JSON Schema of its values.
    fn schema(&self) -> Value {
        let mut schema = match self.field_type {
            FieldType::ShortText => {
                json!({"type": "string", "maxLength": MAX_SHORT_TEXT, "pattern": ONE_LINE})
            }
            FieldType::LongText => json!({"type": "string", "maxLength": MAX_LONG_TEXT}),
            FieldType::RichText => json!({"type": "array", "items": {"type": "object"}}),
            FieldType::Integer => json!({"type": "integer", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER}),
            FieldType::Number => json!({"type": "number"}),
            FieldType::Boolean => json!({"type": "boolean"}),
            FieldType::Date => json!({"type": "string", "format": "date"}),
            FieldType::Color => json!({"type": "string", "pattern": COLOR}),
            FieldType::Url => json!({"type": "string", "format": "uri", "pattern": WEB}),
            FieldType::Group => self.group(),
        };
        let rules = self.validations.as_array().map(Vec::as_slice).unwrap_or_default();
        let rules: Vec<Value> = rules.iter().filter_map(rule).collect();
        if !rules.is_empty() {
            schema["allOf"] = Value::Array(rules);
        }
        if self.is_list { json!({"type": "array", "maxItems": MAX_ITEMS, "items": schema}) } else { schema }
    }

    fn group(&self) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (key, is_required, kind) in self.sub_fields() {
            properties.insert(key.to_owned(), kind.schema());
            required.extend(is_required.then_some(key));
        }
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    /// What checking its values costs.
    fn costs(&self) -> Costs {
        let rules = self.validations.as_array().map(Vec::as_slice).unwrap_or_default();
        let patterns = rules.iter().filter(|rule| rule["type"] == "regexp");
        let patterns = patterns.filter_map(|rule| rule["pattern"].as_str());
        let own = match self.field_type {
            FieldType::ShortText => Some(ONE_LINE),
            FieldType::Color => Some(COLOR),
            FieldType::Url => Some(WEB),
            _ => None,
        };
        let fields = self.sub_fields().map(|(key, _, kind)| (key.to_owned(), kind.costs()));
        Costs::new(patterns.chain(own), fields)
    }

    fn compile(&self) -> Compiled {
        Compiled { validator: compile(&self.schema()), costs: self.costs() }
    }

    /// Takes out of groups what is empty, as an emptied field is taken out of the whole.
    fn prune(&self, value: &mut Value) {
        if self.field_type != FieldType::Group {
            return;
        }
        let groups = match value {
            Value::Array(items) if self.is_list => items.as_mut_slice(),
            _ => std::slice::from_mut(value),
        };
        for group in groups.iter_mut().filter_map(Value::as_object_mut) {
            for (key, _, kind) in self.sub_fields() {
                let Some(inner) = group.get_mut(key) else { continue };
                kind.prune(inner);
                if kind.is_empty(inner) {
                    group.remove(key);
                }
            }
        }
    }

    fn is_empty(&self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => {
                items.is_empty() && (self.is_list || self.field_type == FieldType::RichText)
            }
            Value::Object(fields) => {
                fields.is_empty() && !self.is_list && self.field_type == FieldType::Group
            }
            Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

/// The JSON Schema of one validation; none of one that only EverShop knows.
fn rule(rule: &Value) -> Option<Value> {
    let names = match rule["type"].as_str()? {
        "size" => [("min", "minLength"), ("max", "maxLength")],
        "range" => [("min", "minimum"), ("max", "maximum")],
        "regexp" => return Some(json!({"pattern": rule["pattern"].as_str()?})),
        "choices" => return Some(json!({"enum": rule["values"].as_array()?})),
        _ => return None,
    };
    let limits = names.into_iter().filter_map(|(name, keyword)| {
        let limit = rule.get(name).filter(|limit| limit.is_number())?;
        Some((keyword.to_owned(), limit.clone()))
    });
    Some(Value::Object(limits.collect()))
}

/// Compiles a schema; none when a regular expression in it is wrong, or too large. Regular expressions run in
/// linear time: whoever may define a field must not be able to stop the program with it.
pub(super) fn compile(schema: &Value) -> Option<Validator> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED))
        .should_validate_formats(true)
        .build(schema)
        .ok()
}

/// What is kept of a value: none when it is empty, which removes it. Or what is wrong with it. Takes what it costs from
/// the budget; a value that costs more than is left is refused.
pub(super) fn validate_value(
    definition: &Model,
    mut value: Value,
    budget: &mut Budget,
) -> Result<Option<Value>, Vec<String>> {
    let name = name_of(&definition.namespace, &definition.field_key);
    let kind = Kind::of(definition);
    kind.prune(&mut value);
    if kind.is_empty(&value) {
        return if definition.required { Err(vec![format!("{name} is required")]) } else { Ok(None) };
    }
    if holds_nul(&value) {
        return Err(vec![format!("{name}: must not contain NUL")]);
    }
    let compiled = compiled(definition, || kind.compile());
    let Some(validator) = &compiled.validator else {
        // Written by another program: EverShop's regular expressions may look around.
        return Err(vec![format!("{name}: its definition has a validation that is not supported")]);
    };
    if !budget.spend(compiled.costs.of(&value)) {
        return Err(vec![format!(
            "{name}: checking the custom fields of this request would take too long; send shorter values or fewer at once"
        )]);
    }
    let mut reasons: Vec<String> = Vec::new();
    for error in validator.iter_errors(&value).take(MAX_PROBLEMS) {
        let reason = short(format!("{name}: {}", reason(&error)));
        // Two keywords may say the same: a URL has a format and a pattern.
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() { Ok(Some(value)) } else { Err(reasons) }
}

fn short(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE - 1) {
        Some((end, _)) if message[end..].chars().count() > 1 => format!("{}…", &message[..end]),
        _ => message,
    }
}

/// What is wrong, in words, without the value.
fn reason(error: &ValidationError<'_>) -> String {
    let path = path(error);
    let must = |what: String| if path.is_empty() { what } else { format!("{path} {what}") };
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match error.kind() {
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
            must(format!("must be of the type {kind}"))
        }
        ValidationErrorKind::MinLength { limit } => must(format!("must be at least {limit} characters")),
        ValidationErrorKind::MaxLength { limit } => must(format!("must be at most {limit} characters")),
        ValidationErrorKind::Minimum { limit } => must(format!("must be at least {limit}")),
        ValidationErrorKind::Maximum { limit } => must(format!("must be at most {limit}")),
        ValidationErrorKind::MaxItems { limit } => must(format!("must have at most {limit} items")),
        ValidationErrorKind::Enum { options } => must(format!("must be one of {options}")),
        ValidationErrorKind::Format { format } if format == "date" => {
            must("must be a date such as 2026-01-31".to_owned())
        }
        ValidationErrorKind::Format { .. } => must("must be an http or https URL".to_owned()),
        ValidationErrorKind::Pattern { pattern } => must(match pattern.as_str() {
            ONE_LINE => "must not contain line breaks".to_owned(),
            COLOR => "must be a color such as #1a2b3c".to_owned(),
            WEB => "must be an http or https URL".to_owned(),
            _ => format!("must match {pattern}"),
        }),
        ValidationErrorKind::Required { property } => {
            format!("{} is required", inside(property.as_str().unwrap_or_default()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("there is no {}", inside(unexpected.first().map(String::as_str).unwrap_or_default()))
        }
        // No schema made here has any other keyword.
        _ => must("is not valid".to_owned()),
    }
}

/// Where inside the value, as `lines[0].zip`; empty for the value as a whole.
fn path(error: &ValidationError<'_>) -> String {
    let mut path = String::new();
    for segment in error.instance_path() {
        match segment {
            LocationSegment::Index(index) => path.push_str(&format!("[{index}]")),
            LocationSegment::Property(name) if path.is_empty() => path.push_str(&name),
            LocationSegment::Property(name) => path.push_str(&format!(".{name}")),
        }
    }
    path
}
