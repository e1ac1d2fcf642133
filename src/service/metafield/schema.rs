//! Validates values of custom fields. A definition is compiled to a JSON Schema (2020-12). Validation errors are
//! translated to messages without the value. Regular expressions run in linear time; look-around and back-references
//! are not supported.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::compiled::{Compiled, compiled};
use super::cost::{Costs, MAX_COMPILED, ValidationBudget};
use super::identity::name_of;
use crate::entity::metafield_definition::{FieldType, Model};
use crate::error::truncate;
use crate::service::input::patch::contains_nul;

/// The maximum length of a `short_text`, in characters.
const MAX_SHORT_TEXT: usize = 1000;
/// The maximum length of a `long_text`, in characters.
const MAX_LONG_TEXT: usize = 65535;
/// The maximum number of items of a list.
const MAX_ITEMS: usize = 100;
/// 2^53 - 1: clients in any language represent integers up to here exactly as floats (IEEE 754, binary64).
const MAX_INTEGER: i64 = 9_007_199_254_740_991;
/// The maximum number of errors that are reported for one field.
const MAX_PROBLEMS: usize = 10;
/// The maximum length of a message, in characters.
const MAX_MESSAGE: usize = 300;

const ONE_LINE: &str = "^[^\\n\\r\\u2028\\u2029]*$";
const COLOR: &str = "^#[0-9a-fA-F]{6}$";
const WEB: &str = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]";

/// The properties of a field or sub-field that determine its valid values.
struct FieldSpec<'a> {
    field_type: FieldType,
    is_list: bool,
    validations: &'a Value,
    sub_fields: &'a Value,
}

impl<'a> FieldSpec<'a> {
    fn of(definition: &'a Model) -> Self {
        Self {
            field_type: definition.field_type,
            is_list: definition.is_list,
            validations: &definition.validations,
            sub_fields: &definition.sub_fields,
        }
    }

    /// The sub-fields, each with its key and whether it is required. Skips sub-fields in a form that only EverShop
    /// writes.
    fn sub_fields(&self) -> impl Iterator<Item = (&'a str, bool, Self)> {
        let items = self.sub_fields.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| {
            let field = Self {
                field_type: FieldType::parse(item["type"].as_str()?)?,
                is_list: item["isList"] == true,
                validations: &item["validations"],
                sub_fields: &item["subFields"],
            };
            Some((item["key"].as_str()?, item["required"] == true, field))
        })
    }

    /// The JSON Schema of the values.
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
        for (key, is_required, field) in self.sub_fields() {
            properties.insert(key.to_owned(), field.schema());
            required.extend(is_required.then_some(key));
        }
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    /// The cost of validating the values.
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
        let fields = self.sub_fields().map(|(key, _, field)| (key.to_owned(), field.costs()));
        Costs::new(patterns.chain(own), fields)
    }

    fn compile(&self) -> Compiled {
        Compiled { validator: compile(&self.schema()), costs: self.costs() }
    }

    /// Removes empty values from groups, on all levels.
    fn prune(&self, value: &mut Value) {
        if self.field_type != FieldType::Group {
            return;
        }
        let groups = match value {
            Value::Array(items) if self.is_list => items.as_mut_slice(),
            _ => std::slice::from_mut(value),
        };
        for group in groups.iter_mut().filter_map(Value::as_object_mut) {
            for (key, _, field) in self.sub_fields() {
                let Some(inner) = group.get_mut(key) else { continue };
                field.prune(inner);
                if field.is_empty(inner) {
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

/// The JSON Schema of one validation. `None` for a kind of validation that only EverShop has.
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

/// Compiles a schema. `None` if it contains a regular expression that is invalid or too large. Regular expressions run
/// in linear time, so that a definition can't block the program.
pub(super) fn compile(schema: &Value) -> Option<Validator> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED))
        .should_validate_formats(true)
        .build(schema)
        .ok()
}

/// Validates a value, and returns the value to store. `None` removes the field: the value was empty. Fails with all
/// error messages. The cost is subtracted from the budget; a value that exceeds the budget is rejected.
pub(super) fn validate_value(
    definition: &Model,
    mut value: Value,
    budget: &mut ValidationBudget,
) -> Result<Option<Value>, Vec<String>> {
    let name = name_of(&definition.namespace, &definition.field_key);
    let field = FieldSpec::of(definition);
    field.prune(&mut value);
    if field.is_empty(&value) {
        return if definition.required { Err(vec![format!("{name} is required")]) } else { Ok(None) };
    }
    if contains_nul(&value) {
        return Err(vec![format!("{name}: must not contain NUL")]);
    }
    let compiled = compiled(definition, || field.compile());
    let Some(validator) = &compiled.validator else {
        // EverShop wrote the definition: its regular expressions may use look-around.
        return Err(vec![format!("{name}: its definition has a validation that is not supported")]);
    };
    if !budget.spend(compiled.costs.of(&value)) {
        return Err(vec![format!(
            "{name}: checking the custom fields of this request would take too long; send shorter values or fewer at once"
        )]);
    }
    let mut reasons: Vec<String> = Vec::new();
    for error in validator.iter_errors(&value).take(MAX_PROBLEMS) {
        let reason = within_max_message(format!("{name}: {}", reason(&error)));
        // Two keywords may have the same message: a URL has a format and a pattern.
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() { Ok(Some(value)) } else { Err(reasons) }
}

fn within_max_message(message: String) -> String {
    // The mark of the truncation counts as well.
    if message.chars().count() > MAX_MESSAGE { truncate(message, MAX_MESSAGE - 1) } else { message }
}

/// The message for an error, without the value.
fn reason(error: &ValidationError<'_>) -> String {
    let path = path(error);
    let must = |rule: String| if path.is_empty() { rule } else { format!("{path} {rule}") };
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
            format!(
                "there is no field {}",
                inside(unexpected.first().map(String::as_str).unwrap_or_default())
            )
        }
        // The schemas of this module have no other keywords.
        _ => must("is not valid".to_owned()),
    }
}

/// The path of an error inside the value, such as `lines[0].zip`. Empty for the value as a whole.
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
