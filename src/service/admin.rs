//! Admins: logging in, and the commands that manage them.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder, QuerySelect};
use secrecy::SecretString;

use crate::ctx::Ctx;
use crate::db::Job;
use crate::entity::admin_user::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::idempotency::{Write, Written};
use crate::service::auth;
use crate::service::journal::{self, Change, snapshot};
use crate::service::login::Login;
use crate::service::throttle;
use crate::service::token::{self, Audience, Kind, TokenPair};
use crate::types::{EmailAddress, EventKind, Password};
use crate::{spend, transact};

/// Logs an admin in.
///
/// # Errors
/// As for a customer, [`session::log_in`](crate::service::session::log_in).
pub async fn log_in(
    ctx: &Ctx,
    write: Write<TokenPair>,
    email: &str,
    password: &SecretString,
) -> Result<Written<TokenPair>> {
    let db = &ctx.app.db;
    let login = Login::begin(ctx, "admin", email, EmailAddress::parse_local).await?;
    let found = match &login.email {
        Some(email) => Entity::find_by_address(email, db.backend()).one(db.reader()).await?,
        None => None,
    };
    let account = found.as_ref().map(|admin| admin.uuid);
    let verified = ctx
        .app
        .hasher
        .verify(&write, ctx.lane(), password, found.as_ref().map(|admin| &admin.password))
        .await?;
    let found = found.filter(|admin| verified.verdict.is_right() && admin.status);
    let outcome = spend!(ctx, write.or_nothing(), |tx| {
        let passes = login.guesses.settle(ctx, tx, found.is_some()).await?;
        let Some(admin) = found.as_ref().filter(|_| passes) else { return Ok(None) };
        Ok(Some(token::issue_for_admin(&ctx.app, admin)?))
    })?;
    let Some(admin) = found.filter(|_| outcome.value.is_some()) else {
        return Err(login.refused(ctx, &outcome, account, verified).await);
    };
    login.passed(admin.uuid);
    outcome.something().ok_or_else(|| Error::internal("a login without tokens"))
}

/// New tokens for a refresh token.
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, or its admin no longer stands behind it.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let verified = token::verify(&ctx.app, refresh_token, Audience::Admin, Kind::Refresh)
        .ok_or(Error::Unauthenticated("The refresh token is invalid or expired"))?;
    let admin = auth::trusted_admin(&ctx.app, &verified).await?;
    spend!(ctx, write, |_tx| { Ok(token::issue_for_admin(&ctx.app, &admin)?) })
}

/// Makes an admin.
///
/// # Errors
/// [`Error::EmailTaken`].
pub async fn create(ctx: &Ctx, email: EmailAddress, full_name: String, password: &Password) -> Result<Model> {
    ctx.require_admin()?;
    let password = ctx.app.hasher.hash(&Job, ctx.lane(), password, ctx.app.random.bytes()).await?;
    let now = ctx.app.clock.now();
    let admin = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        status: Set(true),
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
        journal::record(ctx, tx, created).await?;
        Ok(admin)
    })
}

/// All admins, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<Model>> {
    ctx.require_admin()?;
    Ok(Entity::find().order_by_asc(Column::AdminUserId).all(ctx.app.db.reader()).await?)
}

/// Whether there is no admin yet.
///
/// # Errors
/// Those of the database.
pub async fn none_exists(ctx: &Ctx) -> Result<bool> {
    ctx.require_admin()?;
    Ok(Entity::find().count(ctx.app.db.reader()).await? == 0)
}

/// Enables or disables an admin; disabling ends all of its tokens.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_status(ctx: &Ctx, email: &EmailAddress, enabled: bool) -> Result<Model> {
    change(ctx, email, |row, current| {
        row.status.set_if_not_equals(enabled);
        if current.status && !enabled {
            row.token_generation = Set(current.token_generation + 1);
        }
    })
    .await
}

/// Sets an admin's password; ends all of its tokens.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_password(ctx: &Ctx, email: &EmailAddress, password: &Password) -> Result<Model> {
    let hash = ctx.app.hasher.hash(&Job, ctx.lane(), password, ctx.app.random.bytes()).await?;
    change(ctx, email, |row, current| {
        row.password = Set(hash.clone());
        row.token_generation = Set(current.token_generation + 1);
    })
    .await
}

async fn change(ctx: &Ctx, email: &EmailAddress, apply: impl Fn(&mut ActiveModel, &Model)) -> Result<Model> {
    ctx.require_admin()?;
    let db = &ctx.app.db;
    transact!(ctx.app.db, |tx| {
        throttle::forget(tx, "admin", &email.key()).await?;
        let select = Entity::find_by_address(email, db.backend()).lock_exclusive();
        let current = select.one(tx).await?.ok_or(Error::NotFound("Admin"))?;
        let updated_at = current.updated_at;
        let mut row = current.clone().into_active_model();
        apply(&mut row, &current);
        if !row.is_changed() {
            return Ok(current);
        }
        row.updated_at = Set(ctx.app.clock.after(updated_at));
        let new_password = row.password.is_set();
        let admin = row.update(tx).await?;
        let (before, data) = (snapshot::admin(&current), snapshot::admin(&admin));
        let updated = Change::updated(EventKind::AdminUpdated, admin.uuid, &before, data);
        let updated = if new_password { updated.with_secret("password") } else { updated };
        journal::record(ctx, tx, updated).await?;
        Ok(admin)
    })
}
