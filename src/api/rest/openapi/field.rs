//! Schemas of custom fields, as `service::metafield` reads and returns them.

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::values::string_enum;
use crate::entity::metafield_definition;
use crate::service::metafield::OWNER_TYPE;

/// The type of resource that has the custom field.
pub(in crate::api::rest) struct OwnerType;

impl PartialSchema for OwnerType {
    fn schema() -> RefOr<Schema> {
        string_enum("The type of resource that has the custom field.", [OWNER_TYPE])
    }
}

impl ToSchema for OwnerType {}

/// The type of a custom field.
pub(in crate::api::rest) struct FieldType;

impl PartialSchema for FieldType {
    fn schema() -> RefOr<Schema> {
        let names = metafield_definition::FieldType::all().map(metafield_definition::FieldType::name);
        string_enum("The type of a custom field.", names)
    }
}

impl ToSchema for FieldType {}

/// A rule for values: `size` and `regexp` apply to texts, `range` to numbers, `choices` to both.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what `service::metafield` reads")]
pub(in crate::api::rest) enum Validation {
    /// The number of characters. At least one of the bounds is required.
    Size {
        #[schema(format = "uint64")]
        min: Option<u64>,
        #[schema(format = "uint64")]
        max: Option<u64>,
    },
    /// A regular expression that a text must match at any position. It must not use look-around or back-references.
    Regexp {
        #[schema(max_length = 500, example = "^[A-Z]{2}$")]
        pattern: String,
    },
    /// The range of a number. At least one of the bounds is required.
    Range { min: Option<f64>, max: Option<f64> },
    /// The list of allowed values.
    Choices {
        #[schema(min_items = 1, max_items = 200)]
        values: Vec<Choice>,
    },
}

/// A text or a number, depending on the type of the field.
pub(in crate::api::rest) struct Choice;

impl PartialSchema for Choice {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::String, Type::Number]);
        ObjectBuilder::new().schema_type(types).examples(["gold"]).build().into()
    }
}

impl ToSchema for Choice {}

/// A field of a new or changed group.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", no_recursion)]
#[expect(dead_code, reason = "describes what `service::metafield` reads")]
pub(in crate::api::rest) struct NewSubField {
    /// Name of the field inside the group.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", max_length = 64, example = "street")]
    key: String,
    /// Display name. The default is the key.
    #[schema(min_length = 1, max_length = 255, example = "Street")]
    name: Option<String>,
    /// Type of the value.
    #[serde(rename = "type")]
    field_type: FieldType,
    /// Whether the value is a list, of at most 100 items.
    is_list: Option<bool>,
    /// Whether every group must have the field.
    required: Option<bool>,
    /// Rules for the value.
    #[schema(max_items = 20)]
    validations: Option<Vec<Validation>>,
    /// The fields of a group. Groups can be nested three levels deep, with at most 200 sub-fields in total.
    #[schema(max_items = 50)]
    sub_fields: Option<Vec<NewSubField>>,
}

/// A field of a group.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", no_recursion)]
#[expect(dead_code, reason = "describes what `service::metafield` returns")]
pub(in crate::api::rest) struct SubField {
    /// Name of the field inside the group.
    #[schema(example = "street")]
    key: String,
    /// Display name.
    #[schema(example = "Street")]
    name: String,
    /// Type of the value.
    #[serde(rename = "type")]
    field_type: FieldType,
    /// Whether the value is a list.
    is_list: bool,
    /// Whether every group must have the field.
    required: bool,
    /// Rules for the value.
    validations: Vec<Validation>,
    /// The fields of a group.
    sub_fields: Vec<SubField>,
}

/// Values of custom fields by namespace and key.
pub(in crate::api::rest) struct ValuesByName;

impl PartialSchema for ValuesByName {
    fn schema() -> RefOr<Schema> {
        let fields = ObjectBuilder::new().schema_type(Type::Object);
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("Values of custom fields by namespace and key."))
            .additional_properties(Some(fields))
            .build()
            .into()
    }
}

impl ToSchema for ValuesByName {}
