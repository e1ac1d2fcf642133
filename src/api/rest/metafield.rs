//! Custom fields over REST: their definitions, and their values.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Versioned;
use super::customer::{customer_id, parse_uuid};
use super::failures::{CustomerDeleted, DefinitionTaken, NoSuchCustomer, NoSuchDefinition};
use super::openapi::{
    EntityTag, FieldType, NewSubField, OwnerType, PathId, SubField, Validation, ValuesByName,
};
use crate::app::ctx::Ctx;
use crate::entity::metafield_definition::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, CustomerOnly, Failing, StaleVersion};
use crate::http::{AdminCtx, CustomerCtx, Done, Failure, JsonObject, OneWrite};
use crate::service::account::Owner;
use crate::service::input::patch::Field;
use crate::service::metafield::{self, Values};
use crate::types::timestamp;

/// A definition of a custom field, as REST answers with it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetafieldDefinition {
    /// Public identifier.
    #[schema(format = "uuid", example = "d1f4b2a0-8c33-4f5e-9d57-0a6e2b9c7f18")]
    uuid: String,
    /// What has such a field.
    #[schema(value_type = OwnerType, example = "customer")]
    owner_type: String,
    /// First part of the field's name.
    #[schema(example = "custom")]
    namespace: String,
    /// Second part of the field's name.
    #[schema(example = "loyalty")]
    key: String,
    /// Display name.
    #[schema(example = "Loyalty level")]
    name: String,
    /// What it is for.
    #[schema(required = true, example = "How loyal it is")]
    description: Option<String>,
    /// What it holds.
    #[serde(rename = "type")]
    #[schema(value_type = FieldType, example = "short_text")]
    field_type: String,
    /// Whether it holds a list of that.
    is_list: bool,
    /// Whether it can't be emptied.
    required: bool,
    /// Whether the customer may see and set it.
    visible_to_customer: bool,
    /// Rules for its values.
    #[schema(value_type = Vec<Validation>, example = json!([{"type": "choices", "values": ["gold", "silver"]}]))]
    validations: Value,
    /// What a group is made of.
    #[schema(value_type = Vec<SubField>, example = json!([]))]
    sub_fields: Value,
    /// Where it stands among others.
    position: i32,
    /// When it was made (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// When it last changed (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
}

impl From<&Model> for MetafieldDefinition {
    fn from(row: &Model) -> Self {
        Self {
            uuid: row.uuid.to_string(),
            owner_type: row.owner_type.clone(),
            namespace: row.namespace.clone(),
            key: row.field_key.clone(),
            name: row.name.clone(),
            description: row.description.clone(),
            field_type: row.field_type.name(),
            is_list: row.is_list,
            required: row.required,
            visible_to_customer: row.visible_to_customer,
            validations: row.validations.clone(),
            sub_fields: row.sub_fields.clone(),
            position: row.position,
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
        }
    }
}

/// What a new definition is made of. Any other property is ignored.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; `service::metafield::DefinitionInput` reads it")]
pub(super) struct NewMetafieldDefinition {
    /// What has such a field.
    #[schema(value_type = OwnerType, example = "customer")]
    owner_type: String,
    /// First part of the field's name; `custom` when absent.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", max_length = 64, example = "custom")]
    namespace: Option<String>,
    /// Second part of the field's name.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", max_length = 64, example = "loyalty")]
    field_key: String,
    /// Display name.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "Loyalty level"
    )]
    name: String,
    /// What it is for.
    #[schema(max_length = 1000, example = "How loyal it is")]
    description: Option<String>,
    /// What it holds.
    #[schema(value_type = FieldType, example = "short_text")]
    field_type: String,
    /// Whether it holds a list of that, of at most 100.
    is_list: Option<bool>,
    /// Whether it can't be emptied.
    required: Option<bool>,
    /// Whether the customer may see and set it; true when absent.
    visible_to_customer: Option<bool>,
    /// Rules for its values.
    #[schema(value_type = Option<Vec<Validation>>, max_items = 20, example = json!([{"type": "choices", "values": ["gold", "silver"]}]))]
    validations: Option<Vec<Value>>,
    /// What a group is made of. At most three groups are inside one another, with 200 sub-fields in all.
    #[schema(value_type = Option<Vec<NewSubField>>, max_items = 50, example = json!([]))]
    sub_fields: Option<Vec<Value>>,
    /// Where it stands among others.
    position: Option<i32>,
}

/// What changes: absent stays, `null` goes back to the default where there is one. `ownerType`, `namespace`,
/// `fieldKey`, `fieldType` and `isList` may be sent as they are, and can't change.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; `service::metafield::DefinitionInput` reads it")]
pub(super) struct MetafieldDefinitionPatch {
    /// Display name.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "Loyalty level"
    )]
    name: Option<String>,
    /// What it is for.
    #[schema(max_length = 1000, example = "How loyal it is")]
    description: Option<String>,
    /// Whether it can't be emptied.
    required: Option<bool>,
    /// Whether the customer may see and set it.
    visible_to_customer: Option<bool>,
    /// All rules for its values; a value that is there already is not judged again.
    #[schema(value_type = Option<Vec<Validation>>, max_items = 20, example = json!([{"type": "choices", "values": ["gold", "silver"]}]))]
    validations: Option<Vec<Value>>,
    /// All that a group is made of.
    #[schema(value_type = Option<Vec<NewSubField>>, max_items = 50, example = json!([]))]
    sub_fields: Option<Vec<Value>>,
    /// Where it stands among others.
    position: Option<i32>,
}

/// Values of custom fields.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::metafield::set_values` reads it")]
pub(super) struct MetafieldsPatch {
    /// By namespace and key: absent stays; `null`, an empty text, list or group removes. A group or list is one
    /// value, and set as a whole.
    #[schema(value_type = ValuesByName, example = json!({"custom": {"loyalty": "gold"}}))]
    metafields: Map<String, Value>,
}

/// Values of custom fields as they are now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metafields {
    /// By namespace and key.
    #[schema(value_type = Object, example = json!({"custom": {"loyalty": "gold"}}))]
    meta_data: Value,
}

fn url(definition: Uuid) -> String {
    format!("/api/metafield-definitions/{definition}")
}

/// The definition that a path names. What is no identifier names no definition.
fn definition_id(path: Result<Path<String>, PathRejection>) -> Result<Uuid, Failure> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    parse_uuid(&text).ok_or_else(|| Failure::not_found("Metafield definition not found"))
}

/// Define a custom field
#[utoipa::path(
    post,
    path = "/api/metafield-definitions",
    tag = "custom fields",
    request_body = NewMetafieldDefinition,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new definition", body = Data<MetafieldDefinition>),
        Failing<(AdminOnly, DefinitionTaken, Body)>,
    )
)]
pub(super) async fn create_metafield_definition(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    let write = write.answered(|row: &Model| {
        let location = [(header::LOCATION, url(row.uuid))];
        (StatusCode::CREATED, location, definition(row))
    });
    Ok(metafield::create(&ctx, write, body.into()).await?.into())
}

/// Change the definition of a custom field
///
/// `{}`, and values that are there already, are 200 and change nothing. Values of the field stay as they are.
#[utoipa::path(
    patch,
    path = "/api/metafield-definitions/{uuid}",
    tag = "custom fields",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the definition")),
    request_body = MetafieldDefinitionPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The definition as it is now", body = Data<MetafieldDefinition>),
        Failing<(AdminOnly, NoSuchDefinition, Body)>,
    )
)]
pub(super) async fn update_metafield_definition(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(metafield::update(&ctx, write.answered(definition), definition_id(path)?, body.into()).await?.into())
}

/// Delete the definition of a custom field
///
/// Nobody sees its values from now on; they are removed soon after.
#[utoipa::path(
    delete,
    path = "/api/metafield-definitions/{uuid}",
    tag = "custom fields",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the definition")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The definition as it was", body = Data<MetafieldDefinition>),
        Failing<(AdminOnly, NoSuchDefinition, Change)>,
    )
)]
pub(super) async fn delete_metafield_definition(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<Done, Failure> {
    Ok(metafield::delete(&ctx, write.answered(definition), definition_id(path)?).await?.into())
}

fn definition(row: &Model) -> Json<Data<MetafieldDefinition>> {
    Json(Data { data: row.into() })
}

async fn update(
    ctx: &Ctx,
    write: OneWrite,
    owner: Owner,
    mut body: Map<String, Value>,
) -> Result<Done, Failure> {
    let metafields = Field::take(&mut body, "metafields");
    Ok(metafield::set_values(ctx, write.answered(updated), owner, metafields).await?.into())
}

fn updated(values: &Values) -> Versioned<Json<Data<Metafields>>> {
    let data = Metafields { meta_data: values.meta_data.clone() };
    Versioned::new(values.version, Json(Data { data }))
}

/// Set custom fields of a customer
///
/// Answers with all of the customer's `meta_data`.
#[utoipa::path(
    patch,
    path = "/api/customers/{uuid}/metafields",
    tag = "custom fields",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the customer")),
    request_body = MetafieldsPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The values as they are now", body = Data<Metafields>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchCustomer, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer_metafields(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    update(&ctx, write, Owner::Customer(customer_id(path)?), body).await
}

/// Set one's own custom fields
///
/// Those that a customer may see; any other is as if it were not defined.
#[utoipa::path(
    patch,
    path = "/api/customers/me/metafields",
    tag = "custom fields",
    request_body = MetafieldsPatch,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The values as they are now", body = Data<Metafields>, headers(("ETag" = EntityTag))),
        Failing<(CustomerOnly, CustomerDeleted, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_my_metafields(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    update(&ctx, write, Owner::Me, body).await
}
