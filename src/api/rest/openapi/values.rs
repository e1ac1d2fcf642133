//! Values that have more than one form when they come in, or few when they go out, as schemas.

use std::fmt::Display;

use serde_json::json;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::types;

/// A public identifier in a path.
#[derive(ToSchema)]
#[schema(
    value_type = String,
    pattern = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
    example = "433ba97f-8be7-4be9-be3f-a9f341f2b89f"
)]
#[expect(dead_code, reason = "describes a path, which handlers read as text")]
pub(in crate::api::rest) struct PathId(String);

/// Whether a customer is enabled, as it comes in: `service::customer` reads it.
pub(in crate::api::rest) struct StatusInput;

impl PartialSchema for StatusInput {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
            .description(Some("1 enabled, 0 disabled."))
            .examples([1])
            .enum_values(Some([json!(0), json!(1), json!("0"), json!("1")]))
            .build()
            .into()
    }
}

impl ToSchema for StatusInput {}

/// Yes or no, as an address says it: `service::address` reads it.
pub(in crate::api::rest) struct FlagInput;

impl PartialSchema for FlagInput {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Boolean, Type::Integer, Type::String, Type::Null]))
            .description(Some("Yes or no; `null` is no."))
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

/// Primary key of a group, as it comes in: `service::customer` reads it.
pub(in crate::api::rest) struct GroupIdInput;

impl PartialSchema for GroupIdInput {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(i32::MAX));
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^\+?[0-9]+$"));
        let either = AnyOfBuilder::new()
            .description(Some("Primary key of a group."))
            .examples([1])
            .item(number)
            .item(text);
        Schema::AnyOf(either.build()).into()
    }
}

impl ToSchema for GroupIdInput {}

/// What a mail says.
pub(in crate::api::rest) struct MailKind;

impl PartialSchema for MailKind {
    fn schema() -> RefOr<Schema> {
        words("What a mail says.", &types::MailKind::ALL)
    }
}

impl ToSchema for MailKind {}

/// How far a mail is.
pub(in crate::api::rest) struct MailStatus;

impl PartialSchema for MailStatus {
    fn schema() -> RefOr<Schema> {
        words("How far a mail is.", &types::MailStatus::ALL)
    }
}

impl ToSchema for MailStatus {}

fn words(description: &str, all: &[impl Display]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(all.iter().map(ToString::to_string)))
        .build()
        .into()
}

/// The entity tag of a version, for `If-Match` (RFC 9110 8.8.3).
pub(in crate::api::rest) struct EntityTag;

impl PartialSchema for EntityTag {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^\"[0-9]+\"$")).build().into()
    }
}

impl ToSchema for EntityTag {}
