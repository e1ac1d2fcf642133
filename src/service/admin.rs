//! Admins: logging in, and the commands that manage them.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use secrecy::SecretString;

use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::crypto::password_hasher::Verdict;
use crate::db::{Job, NoTransaction};
use crate::entity::admin_user::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::journal::{self, Change, snapshot};
use crate::service::login::Login;
use crate::service::token::TokenPair;
use crate::service::{session, throttle};
use crate::types::{EmailAddress, EventKind, Password};
use crate::{spend, transact};

/// Logs an admin in.
///
/// # Errors
/// As for a customer, [`session::log_in`].
pub async fn log_in(
    ctx: &Ctx,
    write: Write<TokenPair>,
    email: &str,
    password: &SecretString,
) -> Result<Written<TokenPair>> {
    let db = &ctx.app.db;
    let login = Login::begin(ctx, "admin", email, EmailAddress::parse_local).await?;
    let found = match &login.email {
        Some(email) => Entity::find_by_address(email).one(db.reader()).await?,
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
        if !login.attempts.record_attempt(ctx, tx, found.is_some()).await? {
            // That it was counted has to be committed, so it is no error inside of the transaction.
            return Ok(None);
        }
        let Some(found) = &found else { return Ok(None) };
        // Hashing took its time: an account that changed meanwhile gets no token of its old self.
        let select = Entity::find_by_id(found.admin_user_id).lock_exclusive();
        let Some(current) = select.one(tx).await? else { return Ok(None) };
        if !current.status || current.token_generation != found.token_generation {
            return Ok(None);
        }
        session::admin::start(ctx, tx, &current).await.map(Some)
    })?;
    let Some(admin) = found.filter(|_| outcome.value.is_some()) else {
        return Err(login.refused(ctx, &outcome, account, verified).await);
    };
    login.passed(admin.uuid);
    if verified.verdict == Verdict::Outdated
        && let Err(error) = replace_hash(ctx, &outcome, &admin, password).await
    {
        // The next login tries again; this one has passed.
        tracing::warn!(admin = %admin.uuid, %error, "an old password hash was not replaced");
    }
    outcome.something().ok_or_else(|| Error::internal("a login without tokens"))
}

/// Stores a hash of today's kind of a password that was just found to be right; no token ends.
async fn replace_hash(
    ctx: &Ctx,
    outside: &impl NoTransaction,
    admin: &Model,
    password: &SecretString,
) -> Result<()> {
    let hash = ctx.app.hasher.rehash(outside, ctx.lane(), password, ctx.app.random.bytes()).await?;
    transact!(ctx.app.db, |tx| {
        let row = ActiveModel { password: Set(hash.clone()), ..Default::default() };
        let same = Entity::update_many().set(row).filter(Column::AdminUserId.eq(admin.admin_user_id));
        // Not over a password that was changed since.
        same.filter(Column::Password.eq(admin.password.clone())).exec(tx).await?;
        Ok(())
    })
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

/// Enables or disables an admin; disabling ends all of its tokens and sessions.
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

/// Sets an admin's password; ends all of its tokens and sessions.
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
    transact!(ctx.app.db, |tx| {
        throttle::forget(tx, "admin", &email.key()).await?;
        let select = Entity::find_by_address(email).lock_exclusive();
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
        if admin.token_generation != current.token_generation {
            session::admin::end_all(ctx, tx, &admin).await?;
        }
        Ok(admin)
    })
}
