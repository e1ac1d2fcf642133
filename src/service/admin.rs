//! Logs admins in, and implements the commands that manage admins.
//!
//! The commands journal every change in its transaction. Disabling an admin or setting a password revokes all tokens
//! and sessions of the admin.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder, QuerySelect};
use secrecy::SecretString;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::app::write::{Write, Written};
use crate::db::BackgroundJob;
use crate::entity::admin_user::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::journal::{self, Change, snapshot};
use crate::service::login::Login;
use crate::service::token::TokenPair;
use crate::service::{login_attempts, session};
use crate::types::{Audience, EmailAddress, EventKind, Password};
use crate::{spend, transact};

/// Logs an admin in.
///
/// # Errors
/// The same as for customers, [`session::log_in`].
pub async fn log_in(
    ctx: &Ctx,
    write: Write<TokenPair>,
    email: &str,
    password: &SecretString,
) -> Result<Written<TokenPair>> {
    let login = Login::<Entity>::start(ctx, &write, email, password).await?;
    let outcome = spend!(ctx, write.optional(), |tx| {
        let Some(admin) = login.attempt(ctx, tx).await? else { return Ok(None) };
        session::admin::start(ctx, tx, &admin).await.map(Some)
    })?;
    // The delay of a refused login comes after the commit.
    login.finish(ctx, outcome, password).await
}

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
    let now = ctx.app.clock.now();
    let admin = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        status: Set(true),
        email_key: Set(Some(email.key())),
        email: Set(email),
        password: Set(password),
        full_name: Set(full_name),
        created_at: Set(now),
        updated_at: Set(now),
        token_generation: Set(0),
        ..Default::default()
    };
    transact!(ctx.app.db, |tx| {
        let admin = admin.clone().insert(tx).await?;
        let created = Change::created(EventKind::AdminCreated, admin.uuid, snapshot::admin(&admin));
        journal::append(ctx, tx, created).await?;
        Ok(admin)
    })
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
    change(ctx, email, |row, current| {
        row.status.set_if_not_equals(enabled);
        if current.status && !enabled {
            row.token_generation = Set(current.token_generation + 1);
        }
    })
    .await
}

/// Sets an admin's password and revokes all tokens and sessions of the admin.
///
/// # Errors
/// [`Error::NotFound`] if no admin has this e-mail address.
pub async fn set_password(ctx: &AdminCtx, email: &EmailAddress, password: &Password) -> Result<Model> {
    let hash = ctx.app.hasher.hash(&BackgroundJob, ctx.lane(), password, ctx.app.random.bytes()).await?;
    change(ctx, email, |row, current| {
        row.password = Set(hash.clone());
        row.token_generation = Set(current.token_generation + 1);
    })
    .await
}

async fn change(
    ctx: &AdminCtx,
    email: &EmailAddress,
    apply: impl Fn(&mut ActiveModel, &Model),
) -> Result<Model> {
    transact!(ctx.app.db, |tx| {
        login_attempts::reset_failures(tx, Audience::Admin, &email.key()).await?;
        let select = Entity::find_by_address(email).lock_exclusive();
        let current = select.one(tx).await?.ok_or(Error::NotFound("Admin"))?;
        let updated_at = current.updated_at;
        let mut row = current.clone().into_active_model();
        apply(&mut row, &current);
        if !row.is_changed() {
            return Ok(current);
        }
        row.updated_at = Set(ctx.app.clock.now_after(updated_at));
        let new_password = row.password.is_set();
        let admin = row.update(tx).await?;
        let (before, data) = (snapshot::admin(&current), snapshot::admin(&admin));
        let updated = Change::updated(EventKind::AdminUpdated, admin.uuid, &before, data);
        let updated = if new_password { updated.with_secret("password") } else { updated };
        journal::append(ctx, tx, updated).await?;
        if admin.token_generation != current.token_generation {
            session::admin::end_all(ctx, tx, &admin).await?;
        }
        Ok(admin)
    })
}
