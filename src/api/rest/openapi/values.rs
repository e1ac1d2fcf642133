//! Schemas of values with several accepted input forms, or with a fixed set of output values.

use std::fmt::Display;

use serde_json::json;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::service::bulk::BulkAction;
use crate::types;

/// A public identifier in a path.
#[derive(ToSchema)]
#[schema(
    value_type = String,
    pattern = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
    example = "433ba97f-8be7-4be9-be3f-a9f341f2b89f"
)]
#[expect(dead_code, reason = "describes a path parameter, which handlers read as text")]
pub(in crate::api::rest) struct PathUuid(String);

/// The status of a customer as input, which `service::customer` reads.
pub(in crate::api::rest) struct StatusInput;

impl PartialSchema for StatusInput {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
            .description(Some("1: enabled, 0: disabled."))
            .examples([1])
            .enum_values(Some([json!(0), json!(1), json!("0"), json!("1")]))
            .build()
            .into()
    }
}

impl ToSchema for StatusInput {}

/// A boolean as input, which `service::address` reads.
pub(in crate::api::rest) struct FlagInput;

impl PartialSchema for FlagInput {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Boolean, Type::Integer, Type::String, Type::Null]))
            .description(Some("True or false; `null` is false."))
            .examples([true])
            .enum_values(Some([
                json!(true),
                json!(false),
                json!(1),
                json!(0),
                json!("1"),
                json!("0"),
                json!(null),
            ]))
            .build()
            .into()
    }
}

impl ToSchema for FlagInput {}

/// The numeric identifier of a group as input, which `service::customer` reads.
pub(in crate::api::rest) struct GroupIdInput;

impl PartialSchema for GroupIdInput {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(i32::MAX));
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^\+?[0-9]+$"));
        let either = AnyOfBuilder::new()
            .description(Some("Numeric identifier of a group."))
            .examples([1])
            .item(number)
            .item(text);
        Schema::AnyOf(either.build()).into()
    }
}

impl ToSchema for GroupIdInput {}

/// The action of a bulk change as input, which `service::bulk` reads.
pub(in crate::api::rest) struct BulkActionInput;

impl PartialSchema for BulkActionInput {
    fn schema() -> RefOr<Schema> {
        string_enum("What is done to each customer.", BulkAction::NAMES)
    }
}

impl ToSchema for BulkActionInput {}

/// The kind of a mail.
pub(in crate::api::rest) struct MailKind;

impl PartialSchema for MailKind {
    fn schema() -> RefOr<Schema> {
        string_enum("The kind of a mail.", types::MailKind::ALL)
    }
}

impl ToSchema for MailKind {}

/// The status of a mail.
pub(in crate::api::rest) struct MailStatus;

impl PartialSchema for MailStatus {
    fn schema() -> RefOr<Schema> {
        string_enum("The status of a mail.", types::MailStatus::ALL)
    }
}

impl ToSchema for MailStatus {}

/// A string with a fixed set of values.
pub(super) fn string_enum(
    description: &str,
    values: impl IntoIterator<Item = impl Display>,
) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(values.into_iter().map(|value| value.to_string())))
        .build()
        .into()
}

/// Marks a response with an entity tag. In the document, `complete` replaces it by the component `EntityTag`.
pub(in crate::api::rest) struct EntityTag;

impl PartialSchema for EntityTag {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).build().into()
    }
}

impl ToSchema for EntityTag {}
