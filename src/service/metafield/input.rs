//! Parses and validates the input of a definition. An update is merged with the stored definition, and the result is
//! validated as a whole. All validation errors are reported at once.

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use serde_json::Value;

use super::identity::OWNER_TYPE;
use super::rules::{
    FIELD_NAME, MAX_KEY, MAX_SUB_FIELDS, MAX_VALIDATIONS, Rules, parse_key, parse_name, parse_type,
    required_text,
};
use crate::entity::metafield_definition::{ActiveModel, FieldType, Model};
use crate::error::Result;
use crate::input;
use crate::service::input::patch::{Field, Problems, expect_value, normalize_numbers};
use crate::service::input::property::Rule;

const DEFAULT_NAMESPACE: &str = "custom";
/// The maximum length of a description, in characters.
const MAX_DESCRIPTION: usize = 1000;

/// The maximum size of all validations, and of all sub-fields, in bytes of JSON.
const MAX_BYTES: usize = 64 * 1024;

input! {
    /// The input of a definition. Other properties are ignored.
    pub struct DefinitionInput {
        /// Type of resource that has the field.
        owner_type: "ownerType" = Rule::Named("OwnerType"), [required create_only], "\"customer\"";
        /// First part of the field's name. The default is `custom`.
        namespace: "namespace" = Rule::Key { max: MAX_KEY }, [create_only], "\"custom\"";
        /// Second part of the field's name.
        field_key: "fieldKey" = Rule::Key { max: MAX_KEY }, [required create_only], "\"loyalty\"";
        /// Display name.
        name: "name" = Rule::Line(FIELD_NAME), [required], "\"Loyalty level\"";
        /// Purpose of the field.
        description: "description" = Rule::Text { max: Some(MAX_DESCRIPTION) }, [], "\"Level of the loyalty programme\"";
        /// Type of the value.
        field_type: "fieldType" = Rule::Named("FieldType"), [required create_only], "\"short_text\"";
        /// Whether the value is a list, of at most 100 items.
        is_list: "isList" = Rule::Boolean, [create_only], "false";
        /// Whether the value can't be removed.
        required: "required" = Rule::Boolean, [], "false";
        /// Whether the customer can see and set the field. The default is true.
        visible_to_customer: "visibleToCustomer" = Rule::Boolean, [], "true";
        /// All rules for the value. In an update they replace the existing rules; existing values are not validated again.
        validations: "validations" = Rule::NamedList { of: "Validation", max: MAX_VALIDATIONS }, [], "[{\"type\": \"choices\", \"values\": [\"gold\", \"silver\"]}]";
        /// All fields of a group. Groups can be nested three levels deep, with at most 200 sub-fields in total.
        sub_fields: "subFields" = Rule::NamedList { of: "NewSubField", max: MAX_SUB_FIELDS }, [], "[]";
        /// Position in lists of fields.
        position: "position" = Rule::Integer { min: i32::MIN as i64, max: i32::MAX as i64 }, [], "0";
    }
}

input! {
    /// Changes to values of custom fields.
    pub struct ValuesInput {
        /// Values by namespace and key. Absent values stay unchanged; `null` and an empty text, list or group remove a
        /// value. A group or list is set as a whole.
        metafields: "metafields" = Rule::Named("ValuesByName"), [required], "{\"custom\": {\"loyalty\": \"gold\"}}";
    }
}

/// A validated definition, without uuid and timestamps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DefinitionDraft {
    pub(super) owner_type: String,
    pub(super) namespace: String,
    pub(super) field_key: String,
    name: String,
    description: Option<String>,
    field_type: FieldType,
    is_list: bool,
    required: bool,
    visible_to_customer: bool,
    validations: Json,
    sub_fields: Json,
    position: i32,
}

impl From<Model> for DefinitionDraft {
    fn from(row: Model) -> Self {
        Self {
            owner_type: row.owner_type,
            namespace: row.namespace,
            field_key: row.field_key,
            name: row.name,
            description: row.description,
            field_type: row.field_type,
            is_list: row.is_list,
            required: row.required,
            visible_to_customer: row.visible_to_customer,
            validations: row.validations,
            sub_fields: row.sub_fields,
            position: row.position,
        }
    }
}

impl DefinitionDraft {
    pub(super) fn fill(self, row: &mut ActiveModel) {
        row.owner_type = Set(self.owner_type);
        row.namespace = Set(self.namespace);
        row.field_key = Set(self.field_key);
        row.name = Set(self.name);
        row.description = Set(self.description);
        row.field_type = Set(self.field_type);
        row.is_list = Set(self.is_list);
        row.required = Set(self.required);
        row.visible_to_customer = Set(self.visible_to_customer);
        row.validations = Set(self.validations);
        row.sub_fields = Set(self.sub_fields);
        row.position = Set(self.position);
    }
}

impl DefinitionInput {
    /// Merges this input into `current` and validates the result as a whole.
    pub(super) fn merge(self, current: Option<&Model>) -> Result<DefinitionDraft> {
        let mut problems = Problems::default();
        let p = &mut problems;
        let stored = current.cloned().map(DefinitionDraft::from);
        let stored = stored.as_ref();
        let identifier = merge_identifier(p, [self.owner_type, self.namespace, self.field_key], stored);
        let name = match stored {
            Some(row) if self.name == Field::Absent => Some(row.name.clone()),
            _ => parse_name(p, "name", self.name),
        };
        let description =
            parse_description(p, self.description, stored.and_then(|row| row.description.clone()));
        let (field_type, is_list) = merge_type(p, self.field_type, self.is_list, stored);
        let (is_required, is_visible) =
            stored.map_or((false, true), |row| (row.required, row.visible_to_customer));
        let required = parse_boolean(p, "required", self.required, is_required, false);
        let visible = parse_boolean(p, "visibleToCustomer", self.visible_to_customer, is_visible, true);
        let (validations, sub_fields) = merge_rules(p, self.validations, self.sub_fields, field_type, stored);
        let position = parse_position(p, self.position, stored.map_or(0, |row| row.position));
        problems.finish()?;
        let [owner_type, namespace, field_key] = expect_value(identifier)?;
        Ok(DefinitionDraft {
            owner_type,
            namespace,
            field_key,
            name: expect_value(name)?,
            description,
            field_type: expect_value(field_type)?,
            is_list: expect_value(is_list)?,
            required: required.unwrap_or_default(),
            visible_to_customer: visible.unwrap_or_default(),
            validations,
            sub_fields,
            position,
        })
    }
}

/// The owner type, namespace and key, which identify the definition.
fn merge_identifier(
    problems: &mut Problems,
    [owner_type, namespace, field_key]: [Field; 3],
    stored: Option<&DefinitionDraft>,
) -> Option<[String; 3]> {
    let owner_type = parse_identity(
        problems,
        ["ownerType", "ownerType"],
        owner_type,
        stored.map(|row| row.owner_type.clone()),
        parse_owner_type,
    );
    let namespace = parse_identity(
        problems,
        ["namespace", "namespace"],
        namespace,
        stored.map(|row| row.namespace.clone()),
        |problems, field| match field {
            Field::Absent | Field::Null => Some(DEFAULT_NAMESPACE.to_owned()),
            Field::Value(_) => parse_key(problems, "namespace", "namespace", field),
        },
    );
    let field_key = parse_identity(
        problems,
        ["fieldKey", "key"],
        field_key,
        stored.map(|row| row.field_key.clone()),
        |problems, field| parse_key(problems, "fieldKey", "fieldKey", field),
    );
    Some([owner_type?, namespace?, field_key?])
}

/// The type of the value, and whether it is a list.
fn merge_type(
    problems: &mut Problems,
    field_type: Field,
    is_list: Field,
    stored: Option<&DefinitionDraft>,
) -> (Option<FieldType>, Option<bool>) {
    let field_type = parse_identity(
        problems,
        ["fieldType", "type"],
        field_type,
        stored.map(|row| row.field_type),
        |problems, field| parse_type(problems, "fieldType", "fieldType", field),
    );
    let is_list = parse_identity(
        problems,
        ["isList", "isList"],
        is_list,
        stored.map(|row| row.is_list),
        |problems, field| parse_boolean(problems, "isList", field, false, false),
    );
    (field_type, is_list)
}

/// The validations and the sub-fields. Absent ones stay as they are stored, and are validated again.
fn merge_rules(
    problems: &mut Problems,
    validations: Field,
    sub_fields: Field,
    field_type: Option<FieldType>,
    stored: Option<&DefinitionDraft>,
) -> (Json, Json) {
    let or_stored = |field, stored: Option<&Json>| match (field, stored) {
        (Field::Absent, Some(stored)) => Field::Value(stored.clone()),
        (field, _) => field,
    };
    let mut rules = Rules::new(problems);
    let validations = or_stored(validations, stored.map(|row| &row.validations));
    let validations = rules.validations("validations", validations, field_type);
    let sub_fields = or_stored(sub_fields, stored.map(|row| &row.sub_fields));
    let sub_fields = rules.sub_fields("subFields", sub_fields, field_type, 1);
    for (name, part) in [("validations", &validations), ("subFields", &sub_fields)] {
        // Each write of values reads them.
        if part.to_string().len() > MAX_BYTES {
            problems.add(name, format!("{name} must be at most {} KiB", MAX_BYTES / 1024));
        }
    }
    (validations, sub_fields)
}

/// A part of the identity of a definition: parsed when the definition is created, and compared when it is updated. Its
/// name in requests may differ from its name in responses.
fn parse_identity<T: PartialEq>(
    problems: &mut Problems,
    [name, response_name]: [&str; 2],
    field: Field,
    stored: Option<T>,
    parse: impl Fn(&mut Problems, Field) -> Option<T>,
) -> Option<T> {
    let Some(stored) = stored else {
        return parse(problems, field);
    };
    if field != Field::Absent && parse(&mut Problems::default(), field).as_ref() != Some(&stored) {
        problems.add(name, format!("\"{response_name}\" cannot be changed after creation"));
    }
    Some(stored)
}

fn parse_owner_type(problems: &mut Problems, field: Field) -> Option<String> {
    let text = required_text(problems, "ownerType", "ownerType", field)?;
    if text != OWNER_TYPE {
        problems.add("ownerType", format!("ownerType must be \"{OWNER_TYPE}\""));
        return None;
    }
    Some(text)
}

fn parse_description(problems: &mut Problems, field: Field, stored: Option<String>) -> Option<String> {
    let text = match field {
        Field::Absent => return stored,
        Field::Null => return None,
        Field::Value(Value::String(text)) => text,
        Field::Value(_) => {
            problems.add("description", "description must be a string");
            return None;
        }
    };
    if text.chars().count() > MAX_DESCRIPTION {
        problems.add("description", format!("description must be at most {MAX_DESCRIPTION} characters"));
    } else if text.contains('\0') {
        problems.add("description", "description must not contain NUL");
    }
    Some(text)
}

/// Parses a boolean. Absent keeps the stored value; `null` resets to the default.
fn parse_boolean(
    problems: &mut Problems,
    name: &str,
    field: Field,
    stored: bool,
    default: bool,
) -> Option<bool> {
    match field {
        Field::Absent => Some(stored),
        Field::Null => Some(default),
        Field::Value(Value::Bool(flag)) => Some(flag),
        Field::Value(_) => {
            problems.add(name, format!("{name} must be true or false"));
            None
        }
    }
}

fn parse_position(problems: &mut Problems, field: Field, stored: i32) -> i32 {
    let number = match field {
        Field::Absent => return stored,
        Field::Null => return 0,
        Field::Value(mut value) => {
            normalize_numbers(&mut value);
            value.as_i64().and_then(|number| number.try_into().ok())
        }
    };
    problems.check("position", number.ok_or("position must be an integer")).unwrap_or_default()
}
