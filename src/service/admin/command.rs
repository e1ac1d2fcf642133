//! The commands that manage admins.

use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect};

use super::{draft, insert, save, set_enabled, set_hash};
use crate::app::ctx::AdminCtx;
use crate::db::{BackgroundJob, TxResult};
use crate::entity::PublicId;
use crate::entity::admin_user::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::{login_attempts, second_factor};
use crate::transact;
use crate::types::{Audience, EmailAddress, Password};

/// Creates an admin.
///
/// # Errors
/// [`Error::EmailTaken`] if another admin has this e-mail address.
pub async fn create(
    ctx: &AdminCtx,
    email: EmailAddress,
    full_name: String,
    password: &Password,
) -> Result<Model> {
    let password = ctx.app.hasher.hash(&BackgroundJob, ctx.lane(), password, ctx.app.random.bytes()).await?;
    let admin = draft(ctx, email, full_name, password);
    transact!(ctx.app.db, |tx| { insert(ctx, tx, admin.clone()).await })
}

/// Lists all admins, oldest first.
pub async fn list(ctx: &AdminCtx) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::AdminUserId).all(ctx.app.db.reader()).await?)
}

/// Whether no admin exists.
pub async fn none_exists(ctx: &AdminCtx) -> Result<bool> {
    Ok(Entity::find().count(ctx.app.db.reader()).await? == 0)
}

/// Enables or disables an admin. Disabling revokes all tokens and sessions of the admin.
///
/// # Errors
/// [`Error::NotFound`] if no admin has this e-mail address.
pub async fn set_status(ctx: &AdminCtx, email: &EmailAddress, enabled: bool) -> Result<Model> {
    change(ctx, email, |row, current| set_enabled(row, current, enabled)).await
}

/// Sets an admin's password and revokes all tokens and sessions of the admin.
///
/// # Errors
/// [`Error::NotFound`] if no admin has this e-mail address.
pub async fn set_password(ctx: &AdminCtx, email: &EmailAddress, password: &Password) -> Result<Model> {
    let hash = ctx.app.hasher.hash(&BackgroundJob, ctx.lane(), password, ctx.app.random.bytes()).await?;
    change(ctx, email, |row, current| set_hash(row, current, &hash)).await
}

/// Removes the second factor of an admin that lost it. Returns the admin, and whether it had one.
///
/// # Errors
/// [`Error::NotFound`] if no admin has this e-mail address.
pub async fn reset_factor(ctx: &AdminCtx, email: &EmailAddress) -> Result<(Model, bool)> {
    transact!(ctx.app.db, |tx| {
        let admin = lock(tx, email).await?;
        let was_on = second_factor::reset(ctx, tx, &admin).await?;
        Ok((admin, was_on))
    })
}

async fn change(
    ctx: &AdminCtx,
    email: &EmailAddress,
    apply: impl Fn(&mut ActiveModel, &Model),
) -> Result<Model> {
    transact!(ctx.app.db, |tx| {
        login_attempts::reset_failures(tx, Audience::Admin, &email.key()).await?;
        let current = lock(tx, email).await?;
        save(ctx, tx, current, &apply, None).await
    })
}

async fn lock(tx: &impl ConnectionTrait, email: &EmailAddress) -> TxResult<Model> {
    let admin = Entity::find_by_address(email).lock_exclusive().one(tx).await?;
    Ok(admin.ok_or(Error::NotFound(Entity::NOUN))?)
}
