//! REST operations on definitions and values of custom fields.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::documented_failures::{CustomerDeleted, DefinitionTaken, NoSuchCustomer, NoSuchDefinition};
use super::openapi::{EntityTag, FieldType, OwnerType, PathUuid, SubField, Validation};
use super::response::{Created, Versioned, data};
use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx};
use crate::bodies;
use crate::entity::customer;
use crate::entity::metafield_definition::{Entity, Model};
use crate::http::failure::documented::{AdminOnly, Body, Change, CustomerOnly, Failing, StaleVersion};
use crate::http::{Data, Failure, JsonObject, OneWrite, PathId, WriteResponse, urls};
use crate::service::account::Owner;
use crate::service::content_version::ContentVersion;
use crate::service::metafield::{self, MetafieldValues};
use crate::types::timestamp;

bodies! {
    /// A new definition of a custom field. Other properties are ignored.
    NewMetafieldDefinition: Create metafield::DefinitionInput;
    /// Changes to a definition. Absent properties stay unchanged; `null` resets a property that has a default. `ownerType`,
    /// `namespace`, `fieldKey`, `fieldType` and `isList` can't change; sending their current values is allowed.
    MetafieldDefinitionPatch: Update metafield::DefinitionInput;
    /// Changes to values of custom fields.
    MetafieldsPatch: Create metafield::ValuesInput;
}

/// A definition of a custom field.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetafieldDefinition {
    /// Public identifier of the definition.
    #[schema(format = "uuid", example = "d1f4b2a0-8c33-4f5e-9d57-0a6e2b9c7f18")]
    uuid: String,
    /// Type of resource that has the field.
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
    /// Purpose of the field.
    #[schema(required = true, example = "Level of the loyalty programme")]
    description: Option<String>,
    /// Type of the value.
    #[serde(rename = "type")]
    #[schema(value_type = FieldType, example = "short_text")]
    field_type: String,
    /// Whether the value is a list.
    is_list: bool,
    /// Whether the value can't be removed.
    required: bool,
    /// Whether the customer can see and set the field.
    visible_to_customer: bool,
    /// Rules for the value.
    #[schema(value_type = Vec<Validation>, example = json!([{"type": "choices", "values": ["gold", "silver"]}]))]
    validations: Value,
    /// The fields of a group.
    #[schema(value_type = Vec<SubField>, example = json!([]))]
    sub_fields: Value,
    /// Position in lists of fields.
    position: i32,
    /// Time of the creation (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
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

/// The current values of custom fields.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metafields {
    /// Values by namespace and key.
    #[schema(value_type = Object, example = json!({"custom": {"loyalty": "gold"}}))]
    meta_data: Value,
}

fn created(row: &Model) -> Versioned<Created<MetafieldDefinition>> {
    let created = Created::at(urls::metafield_definition(row.uuid), row.into());
    Versioned::new(row.content_version(), created)
}

fn changed(row: &Model) -> Versioned<Data<MetafieldDefinition>> {
    Versioned::new(row.content_version(), data(row))
}

/// Define a custom field
#[utoipa::path(
    post,
    path = "/api/metafield-definitions",
    tag = "custom fields",
    request_body = NewMetafieldDefinition,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new definition", body = Data<MetafieldDefinition>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, DefinitionTaken, Body)>,
    )
)]
pub(super) async fn create_metafield_definition(
    ctx: AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(metafield::create(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Change the definition of a custom field
///
/// The response to `{}`, and to values that are already set, is 200; nothing changes. Stored values of the field stay
/// unchanged.
#[utoipa::path(
    patch,
    path = "/api/metafield-definitions/{uuid}",
    tag = "custom fields",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the definition")),
    request_body = MetafieldDefinitionPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed definition", body = Data<MetafieldDefinition>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchDefinition, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_metafield_definition(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(metafield::update(&ctx, write.respond_with(changed), id.uuid()?, body.into()).await?.into())
}

/// Delete the definition of a custom field
///
/// The values of the field are hidden at once, and deleted shortly afterwards.
#[utoipa::path(
    delete,
    path = "/api/metafield-definitions/{uuid}",
    tag = "custom fields",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the definition")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted definition", body = Data<MetafieldDefinition>),
        Failing<(AdminOnly, NoSuchDefinition, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_metafield_definition(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(data::<Model, MetafieldDefinition>);
    Ok(metafield::delete(&ctx, write, id.uuid()?).await?.into())
}

async fn update(
    ctx: &Ctx,
    write: OneWrite,
    owner: Owner,
    body: Map<String, Value>,
) -> Result<WriteResponse, Failure> {
    Ok(metafield::set_values(ctx, write.respond_with(updated), owner, body.into()).await?.into())
}

fn updated(values: &MetafieldValues) -> Versioned<Data<Metafields>> {
    let view = Metafields { meta_data: values.meta_data.clone() };
    Versioned::new(values.version, Data::of(view))
}

/// Set custom fields of a customer
///
/// The response contains all of the customer's `meta_data`.
#[utoipa::path(
    patch,
    path = "/api/customers/{uuid}/metafields",
    tag = "custom fields",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer")),
    request_body = MetafieldsPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The current values", body = Data<Metafields>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchCustomer, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer_metafields(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<customer::Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    update(&ctx, write, Owner::of(&ctx, id.uuid()?), body).await
}

/// Set my custom fields
///
/// Customers can set only fields that are visible to them. Other fields are treated as undefined.
#[utoipa::path(
    patch,
    path = "/api/customers/me/metafields",
    tag = "custom fields",
    request_body = MetafieldsPatch,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The current values", body = Data<Metafields>, headers(("ETag" = EntityTag))),
        Failing<(CustomerOnly, CustomerDeleted, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_my_metafields(
    ctx: CustomerCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    update(&ctx, write, Owner::me(&ctx), body).await
}
