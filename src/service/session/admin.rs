//! Sessions of admins: as those of customers, in tables of their own.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::family::{self, Lifetime};
use super::refresh::REFUSED;
use crate::ctx::Ctx;
use crate::db::Attempt;
use crate::entity::admin_session::{ActiveModel, Column, Entity, Model};
use crate::entity::{admin_refresh_token as refresh_token, admin_user};
use crate::error::Result;
use crate::idempotency::{Write, Written};
use crate::service::journal::{self, Change};
use crate::service::secret;
use crate::service::token::{self, Audience, Kind, SessionClaim, TokenPair};
use crate::spend;
use crate::types::EventKind;

/// Starts a session of an admin and issues its first tokens.
pub(in crate::service) async fn start(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
) -> Attempt<TokenPair> {
    let surplus = family::make_room::<Entity>(ctx, tx, admin.admin_user_id).await?;
    record_ended(ctx, tx, admin.uuid, surplus).await?;
    let now = ctx.app.clock.now();
    let session = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        admin_user_id: Set(admin.admin_user_id),
        user_agent: Set(ctx.client_name()),
        ip_address: Set(ctx.ip.map(|ip| ip.to_string())),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(Lifetime::of_admins(ctx)?.expiry(ctx, now)),
        ..Default::default()
    };
    let session = session.insert(tx).await?;
    let data = json!({"session": session.uuid.to_string(), "admin": admin.uuid.to_string()});
    let created = Change::happened(EventKind::AdminSessionCreated, session.uuid, data);
    journal::record(ctx, tx, created).await?;
    issue(ctx, tx, admin, &session, None).await
}

/// New tokens for a refresh token of an admin, which is used up: [`refresh`](super::refresh()) says when.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) when it isn't one of ours, has expired, its session
/// has ended, its admin no longer stands behind it, or it was overtaken; then the session ends.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let verified = token::verify(&ctx.app, refresh_token, Audience::Admin, Kind::Refresh).ok_or(REFUSED)?;
    let hash = secret::hash_of_token(refresh_token);
    let lifetime = Lifetime::of_admins(ctx)?;
    let outcome = spend!(ctx, write.or_nothing(), |tx| {
        let token = refresh_token::Entity::find_by_hash(&hash).one(tx).await?.ok_or(REFUSED)?;
        // The session's lock puts refreshes of one family in a row.
        let select = Entity::find_by_id(token.admin_session_id).lock_exclusive();
        let session = select.one(tx).await?.ok_or(REFUSED)?;
        let admin = admin_user::Entity::find_by_id(session.admin_user_id).one(tx).await?.ok_or(REFUSED)?;
        let trusted = admin.status && admin.token_generation == verified.generation;
        if !trusted || !lifetime.lasts(ctx, session.created_at) {
            return Err(REFUSED.into());
        }
        let id = token.admin_refresh_token_id;
        let Some(unused) = family::use_up::<refresh_token::Entity>(tx, id, token.parent_id).await? else {
            // The end of the family has to be committed, so it is no error inside of the transaction.
            end(ctx, tx, session, admin.uuid).await?;
            return Ok(None);
        };
        let mut row = session.into_active_model();
        row.last_used_at = Set(ctx.app.clock.now());
        let created_at = *row.created_at.as_ref();
        row.expires_at = Set(lifetime.expiry(ctx, created_at));
        let session = row.update(tx).await?;
        let pair = issue(ctx, tx, &admin, &session, Some(id)).await?;
        family::prune::<refresh_token::Entity>(ctx, tx, session.admin_session_id, unused).await?;
        Ok(Some(pair))
    })?;
    let outcome = outcome.something();
    if outcome.is_none() {
        tracing::warn!(admin = %verified.account.uuid, "a refresh token came a second time; its session ended");
    }
    outcome.ok_or(REFUSED)
}

/// Ends the session of an admin's refresh token; [`revoke`](super::revoke()) says when there is none to end.
///
/// # Errors
/// Those of the database.
pub async fn revoke(ctx: &Ctx, write: Write<()>, refresh_token: &str) -> Result<Option<Written<()>>> {
    let hash = secret::hash_of_token(refresh_token);
    let token = refresh_token::Entity::find_by_hash(&hash).one(ctx.app.db.reader()).await?;
    let Some(token) = token else { return Ok(None) };
    let ended = spend!(ctx, write.or_nothing(), |tx| {
        let select = Entity::find_by_id(token.admin_session_id).find_also_related(admin_user::Entity);
        let Some((session, Some(admin))) = select.one(tx).await? else { return Ok(None) };
        Ok(end(ctx, tx, session, admin.uuid).await?.then_some(()))
    })?;
    Ok(ended.something())
}

/// Ends all sessions of an admin, in the transaction of what makes them end.
pub(in crate::service) async fn end_all(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
) -> Attempt<()> {
    let sessions = Entity::delete_many().filter(Column::AdminUserId.eq(admin.admin_user_id));
    let ended = sessions.exec(tx).await?.rows_affected;
    record_ended(ctx, tx, admin.uuid, ended).await
}

/// Ends a session, and tells whether it was there: of two that come at once, one ends it.
async fn end(ctx: &Ctx, tx: &impl ConnectionTrait, session: Model, admin: Uuid) -> Attempt<bool> {
    let uuid = session.uuid;
    if session.delete(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    let data = json!({"count": 1, "session": uuid.to_string(), "admin": admin.to_string()});
    journal::record(ctx, tx, Change::happened(EventKind::AdminSessionRevoked, uuid, data)).await?;
    Ok(true)
}

async fn record_ended(ctx: &Ctx, tx: &impl ConnectionTrait, admin: Uuid, count: u64) -> Attempt<()> {
    if count == 0 {
        return Ok(());
    }
    let data = json!({"count": count, "admin": admin.to_string()});
    journal::record(ctx, tx, Change::happened(EventKind::AdminSessionRevoked, admin, data)).await
}

/// Issues tokens for a session and remembers the refresh token.
async fn issue(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    session: &Model,
    parent: Option<i64>,
) -> Attempt<TokenPair> {
    let lifetime = Lifetime::of_admins(ctx)?;
    let claim = SessionClaim { uuid: session.uuid, ends_at: lifetime.end(session.created_at) };
    let pair = token::issue_for_admin(&ctx.app, admin, Some(claim))?;
    let row = refresh_token::ActiveModel {
        admin_session_id: Set(session.admin_session_id),
        parent_id: Set(parent),
        token_hash: Set(secret::hash_of_token(&pair.refresh_token)),
        is_used: Set(false),
        expires_at: Set(lifetime.expiry(ctx, session.created_at)),
        ..Default::default()
    };
    row.insert(tx).await?;
    Ok(pair)
}
