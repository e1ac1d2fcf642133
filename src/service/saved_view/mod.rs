//! Saved views: names that an admin gives to filters and orders of the list of customers. Each admin has its own, and sees
//! no others. The console interprets them, so that a view may name a field that no longer exists.

mod input;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use uuid::Uuid;

pub use input::ViewInput;

use crate::app::ctx::{ADMINS_ONLY, AdminCtx, Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::saved_view::{ActiveModel, Column, Entity, Model};
use crate::entity::{PublicId, admin_user};
use crate::error::{Error, Result};
use crate::service::content_version::ContentVersion;
use crate::service::input::patch::{Mode, expect_value};
use crate::service::journal::{self, Change};
use crate::spend;
use crate::types::EventKind;

/// The maximum number of views of an admin.
pub const MAX_VIEWS: u64 = 50;
/// The error for one more view.
pub(crate) const TOO_MANY_VIEWS: Error = Error::fixed_conflict("An admin has at most 50 saved views");

/// Saves a view of the calling admin.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input; [`Error::Conflict`] if the admin already has 50 views.
pub async fn create(ctx: &AdminCtx, write: Write<Model>, input: ViewInput) -> Result<Written<Model>> {
    let admin_user_id = owner(ctx)?;
    let (name, query) = input.parse(Mode::Create)?;
    let (name, query) = (expect_value(name)?, expect_value(query)?);
    let now = ctx.app.clock.now();
    let row = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        admin_user_id: Set(admin_user_id),
        name: Set(name),
        query: Set(query),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    spend!(ctx, write, |tx| {
        // One after the other, so that the limit holds.
        lock_admin(tx, admin_user_id).await?;
        if own(admin_user_id).count(tx).await? >= MAX_VIEWS {
            return Err(TOO_MANY_VIEWS.into());
        }
        let view = row.clone().insert(tx).await?;
        record(ctx, tx, EventKind::SavedViewCreated, view.uuid).await?;
        Ok(view)
    })
}

/// Changes a view of the calling admin. If no value differs, `updated_at` stays as it is.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input; [`Error::NotFound`], also for a view of another admin;
/// [`Error::PreconditionFailed`] if `If-Match` names a version other than the current one.
pub async fn update(
    ctx: &AdminCtx,
    write: Write<Model>,
    uuid: Uuid,
    input: ViewInput,
) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    let admin_user_id = owner(ctx)?;
    let (name, query) = input.parse(Mode::Update)?;
    spend!(ctx, write, |tx| {
        let current = find_own(tx, admin_user_id, uuid).await?;
        ctx.if_match.check(current.content_version())?;
        let updated_at = ctx.app.clock.now_after(current.updated_at);
        let mut row = current.clone().into_active_model();
        row.name.set_if_not_equals(name.clone().unwrap_or_else(|| current.name.clone()));
        row.query.set_if_not_equals(query.clone().unwrap_or_else(|| current.query.clone()));
        if !row.is_changed() {
            return Ok(current);
        }
        row.updated_at = Set(updated_at);
        let view = row.update(tx).await?;
        record(ctx, tx, EventKind::SavedViewUpdated, uuid).await?;
        Ok(view)
    })
}

/// Deletes a view of the calling admin and returns it.
///
/// # Errors
/// [`Error::NotFound`], also for a view of another admin; [`Error::PreconditionFailed`] if `If-Match` names a version
/// other than the current one.
pub async fn delete(ctx: &AdminCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    let admin_user_id = owner(ctx)?;
    spend!(ctx, write, |tx| {
        let view = find_own(tx, admin_user_id, uuid).await?;
        ctx.if_match.check(view.content_version())?;
        view.clone().delete(tx).await?;
        record(ctx, tx, EventKind::SavedViewDeleted, uuid).await?;
        Ok(view)
    })
}

/// The views of the calling admin, by name.
pub async fn list(ctx: &AdminCtx) -> Result<Vec<Model>> {
    let own = own(owner(ctx)?).order_by_asc(Column::Name).order_by_asc(Column::SavedViewId);
    Ok(own.all(ctx.app.db.reader()).await?)
}

/// The primary key of the calling admin. The program itself has no views.
fn owner(ctx: &AdminCtx) -> Result<i32> {
    match ctx.caller {
        Caller::Admin { admin_user_id, .. } => Ok(admin_user_id),
        _ => Err(ADMINS_ONLY),
    }
}

fn own(admin_user_id: i32) -> Select<Entity> {
    Entity::find().filter(Column::AdminUserId.eq(admin_user_id))
}

async fn find_own(tx: &impl ConnectionTrait, admin_user_id: i32, uuid: Uuid) -> TxResult<Model> {
    let own = Entity::find_by_public_id(uuid).filter(Column::AdminUserId.eq(admin_user_id));
    Ok(own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound(Entity::NOUN))?)
}

async fn lock_admin(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<()> {
    let admin = admin_user::Entity::find_by_id(admin_user_id).select_only();
    let admin = admin.column(admin_user::Column::AdminUserId).lock_exclusive();
    admin.into_tuple::<i32>().one(tx).await?;
    Ok(())
}

/// Records a change without its content: a filter may contain personal data, which could not be erased from the journal.
async fn record(ctx: &Ctx, tx: &impl ConnectionTrait, kind: EventKind, view: Uuid) -> TxResult<()> {
    journal::append(ctx, tx, Change::event(kind, view, json!({"uuid": view.to_string()}))).await
}
