//! Custom fields as schemas: what `service::metafield` reads and answers with.

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What has custom fields.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a text")]
pub(in crate::api::rest) enum OwnerType {
    Customer,
}

/// What a custom field holds.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes `entity::metafield_definition::FieldType`")]
pub(in crate::api::rest) enum FieldType {
    ShortText,
    LongText,
    RichText,
    Integer,
    Number,
    Boolean,
    Date,
    Color,
    Url,
    Group,
}

/// A rule for values: `size` and `regexp` are for texts, `range` is for numbers, `choices` for both.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what `service::metafield` reads")]
pub(in crate::api::rest) enum Validation {
    /// How many characters; one of the two at least.
    Size {
        #[schema(format = "uint64")]
        min: Option<u64>,
        #[schema(format = "uint64")]
        max: Option<u64>,
    },
    /// A regular expression that a text matches somewhere. It can't look around or back.
    Regexp {
        #[schema(max_length = 500, example = "^[A-Z]{2}$")]
        pattern: String,
    },
    /// How much; one of the two at least.
    Range { min: Option<f64>, max: Option<f64> },
    /// One of these.
    Choices {
        #[schema(min_items = 1, max_items = 200)]
        values: Vec<Choice>,
    },
}

/// A text or a number, by the type of the field.
pub(in crate::api::rest) struct Choice;

impl PartialSchema for Choice {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::String, Type::Number]);
        ObjectBuilder::new().schema_type(types).examples(["gold"]).build().into()
    }
}

impl ToSchema for Choice {}

/// A part of a group, as it comes in.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", no_recursion)]
#[expect(dead_code, reason = "describes what `service::metafield` reads")]
pub(in crate::api::rest) struct NewSubField {
    /// Its name inside the group.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", max_length = 64, example = "street")]
    key: String,
    /// Display name; the key when absent.
    #[schema(min_length = 1, max_length = 255, example = "Street")]
    name: Option<String>,
    /// What it holds.
    #[serde(rename = "type")]
    field_type: FieldType,
    /// Whether it holds a list of that, of at most 100.
    is_list: Option<bool>,
    /// Whether a group must have it.
    required: Option<bool>,
    /// Rules for its values.
    #[schema(max_items = 20)]
    validations: Option<Vec<Validation>>,
    /// What a group is made of. At most three groups are inside one another, with 200 sub-fields in all.
    #[schema(max_items = 50)]
    sub_fields: Option<Vec<NewSubField>>,
}

/// A part of a group.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", no_recursion)]
#[expect(dead_code, reason = "describes what `service::metafield` answers with")]
pub(in crate::api::rest) struct SubField {
    /// Its name inside the group.
    #[schema(example = "street")]
    key: String,
    /// Display name.
    #[schema(example = "Street")]
    name: String,
    /// What it holds.
    #[serde(rename = "type")]
    field_type: FieldType,
    /// Whether it holds a list of that.
    is_list: bool,
    /// Whether a group must have it.
    required: bool,
    /// Rules for its values.
    validations: Vec<Validation>,
    /// What a group is made of.
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
