//! REST operations on saved views. GraphQL lists them.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{NoSuchSavedView, TooManySavedViews};
use super::link::Link;
use super::openapi::{EntityTag, PathUuid};
use super::response::{Created, Versioned, data};
use crate::app::ctx::AdminCtx;
use crate::bodies;
use crate::entity::saved_view::{Entity, Model};
use crate::http::failure::documented::{AdminOnly, Body, Change, Failing, StaleVersion};
use crate::http::{Data, Failure, JsonObject, OneWrite, PathId, WriteResponse, urls};
use crate::service::content_version::ContentVersion;
use crate::service::saved_view;
use crate::types::timestamp;

bodies! {
    /// A new saved view. Other properties are ignored.
    NewSavedView: Create saved_view::ViewInput;
    /// Changes to a saved view. Absent properties stay unchanged; others are ignored.
    SavedViewPatch: Update saved_view::ViewInput;
}

/// A named filter of the list of customers, which only its admin sees.
#[derive(Serialize, ToSchema)]
pub(super) struct SavedView {
    /// Public identifier of the view.
    #[schema(format = "uuid", example = "3f9c2f5e-6b1a-4f0a-8f57-0f8a7c1d2e33")]
    uuid: String,
    /// Name of the view.
    #[schema(example = "Disabled in France")]
    name: String,
    /// Query string of the page that shows the view.
    #[schema(example = "filter=%7B%22status%22%3A%7B%22eq%22%3A0%7D%7D")]
    query: String,
    /// Time of the creation (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
}

/// A saved view with links.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedSavedView {
    #[serde(flatten)]
    view: SavedView,
    /// Links to related operations.
    links: [Link; 2],
}

impl From<&Model> for SavedView {
    fn from(row: &Model) -> Self {
        Self {
            uuid: row.uuid.to_string(),
            name: row.name.clone(),
            query: row.query.clone(),
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
        }
    }
}

impl From<&Model> for LinkedSavedView {
    fn from(row: &Model) -> Self {
        Self { links: Link::edit_and_delete(&urls::saved_view(row.uuid)), view: row.into() }
    }
}

fn created(row: &Model) -> Versioned<Created<LinkedSavedView>> {
    Versioned::new(row.content_version(), Created::at(urls::saved_view(row.uuid), row.into()))
}

fn updated(row: &Model) -> Versioned<Data<LinkedSavedView>> {
    Versioned::new(row.content_version(), data(row))
}

/// Save a view
#[utoipa::path(
    post,
    path = "/api/views",
    tag = "saved views",
    request_body = NewSavedView,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new view", body = Data<LinkedSavedView>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, TooManySavedViews, Body)>,
    )
)]
pub(super) async fn create_saved_view(
    ctx: AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(saved_view::create(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Change a saved view
///
/// The response to `{}`, and to values that are already set, is 200; nothing changes.
#[utoipa::path(
    patch,
    path = "/api/views/{uuid}",
    tag = "saved views",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the view")),
    request_body = SavedViewPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed view", body = Data<LinkedSavedView>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchSavedView, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_saved_view(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(saved_view::update(&ctx, write.respond_with(updated), id.uuid()?, body.into()).await?.into())
}

/// Delete a saved view
#[utoipa::path(
    delete,
    path = "/api/views/{uuid}",
    tag = "saved views",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the view")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted view", body = Data<SavedView>),
        Failing<(AdminOnly, NoSuchSavedView, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_saved_view(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(saved_view::delete(&ctx, write.respond_with(data::<Model, SavedView>), id.uuid()?).await?.into())
}
