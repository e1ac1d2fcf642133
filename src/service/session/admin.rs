//! Sessions of admins. They work as those of customers, but have their own table and are not numbered in the journal.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::family::{self, Lifetime, may_refresh};
use super::presented_token::{INVALID_REFRESH_TOKEN, PresentedToken};
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::admin_session::{ActiveModel, Column, Entity, Model};
use crate::entity::{PublicId, admin_user};
use crate::error::Result;
use crate::service::account_table::AccountTable;
use crate::service::journal::{self, Change};
use crate::service::shop_session::end::end_shop_sessions;
use crate::service::token::{self, SessionClaim, TokenPair};
use crate::spend;
use crate::types::{Audience, EventKind};

/// Starts a session of an admin and issues its first tokens. `with_code`: the admin gave a code of its second factor, which
/// counts as a step-up.
pub(in crate::service) async fn start(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    with_code: bool,
) -> TxResult<TokenPair> {
    let evicted = family::evict_oldest::<Entity>(ctx, tx, admin.admin_user_id).await?;
    record_revocations(ctx, tx, admin.uuid, evicted).await?;
    let now = ctx.app.clock.now();
    let session = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        admin_user_id: Set(admin.admin_user_id),
        user_agent: Set(ctx.client_name()),
        ip_address: Set(ctx.ip.map(|ip| ip.to_string())),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(Lifetime::of_admins(ctx)?.expiry(ctx, now)),
        stepped_up_at: Set(with_code.then_some(now)),
        ..Default::default()
    };
    let session = session.insert(tx).await?;
    let signed_in = admin_user::ActiveModel { last_sign_in_at: Set(Some(now)), ..Default::default() };
    let update = admin_user::Entity::update_many().set(signed_in);
    update.filter(admin_user::Column::AdminUserId.eq(admin.admin_user_id)).exec(tx).await?;
    let data = json!({"session": session.uuid.to_string(), "admin": admin.uuid.to_string()});
    let created = Change::event(EventKind::AdminSessionCreated, session.uuid, data);
    journal::append(ctx, tx, created).await?;
    issue(ctx, admin, &session)
}

/// Issues new tokens for a refresh token of an admin, by the rules of [`refresh`](super::refresh()).
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the token is invalid or expired, its session has
/// ended, its admin is disabled or has invalidated its tokens, or the token was superseded. In the last case the
/// session ends.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let presented =
        PresentedToken::verify(ctx, refresh_token, Audience::Admin).ok_or(INVALID_REFRESH_TOKEN)?;
    let lifetime = Lifetime::of_admins(ctx)?;
    let outcome = spend!(ctx, write.optional(), |tx| {
        // The session's lock serializes the refreshes of a token family.
        let select = Entity::find_by_public_id(presented.session).lock_exclusive();
        let session = select.one(tx).await?.ok_or(INVALID_REFRESH_TOKEN)?;
        let admin = admin_user::Entity::find_by_id(session.admin_user_id)
            .one(tx)
            .await?
            .ok_or(INVALID_REFRESH_TOKEN)?;
        let is_accepted = presented.is_accepted_by(admin_user::Entity::account(&admin));
        if !is_accepted || !lifetime.lasts(ctx, session.created_at) {
            return Err(INVALID_REFRESH_TOKEN.into());
        }
        let PresentedToken { step, hash, .. } = &presented;
        if !may_refresh(*step, hash, session.refresh_count, session.last_refresh_token.as_ref()) {
            // Not an error inside the transaction, because the end of the session has to be committed.
            end(ctx, tx, session, admin.uuid).await?;
            return Ok(None);
        }
        let expires_at = lifetime.expiry(ctx, session.created_at);
        let mut row = session.into_active_model();
        row.last_used_at = Set(ctx.app.clock.now());
        row.expires_at = Set(expires_at);
        row.refresh_count = Set(step + 1);
        row.last_refresh_token = Set(Some(hash.clone()));
        issue(ctx, &admin, &row.update(tx).await?).map(Some)
    })?;
    let outcome = outcome.into_value();
    if outcome.is_none() {
        tracing::warn!(admin = %presented.account, "refresh token reused; session revoked");
    }
    outcome.ok_or(INVALID_REFRESH_TOKEN)
}

/// Ends the session of an admin's refresh token. Returns `None` if there is no such session, see
/// [`revoke`](super::revoke()).
pub async fn revoke(ctx: &Ctx, write: Write<()>, refresh_token: &str) -> Result<Option<Written<()>>> {
    let presented = PresentedToken::of_session::<Entity>(ctx, refresh_token, Audience::Admin).await?;
    let Some(presented) = presented else { return Ok(None) };
    let outcome = spend!(ctx, write.optional(), |tx| {
        let select = Entity::find_by_public_id(presented.session).find_also_related(admin_user::Entity);
        let Some((session, Some(admin))) = select.one(tx).await? else { return Ok(None) };
        if (admin.uuid, admin.token_generation) != (presented.account, presented.generation) {
            return Ok(None);
        }
        Ok(end(ctx, tx, session, admin.uuid).await?.then_some(()))
    })?;
    Ok(outcome.into_value())
}

/// Ends all sessions of an admin but `except`, and all of EverShop, in the transaction of the change that requires it.
pub(in crate::service) async fn end_all(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    except: Option<Uuid>,
) -> TxResult<()> {
    let mut sessions = Entity::delete_many().filter(Column::AdminUserId.eq(admin.admin_user_id));
    if let Some(except) = except {
        sessions = sessions.filter(Column::Uuid.ne(except));
    }
    let ended = sessions.exec(tx).await?.rows_affected;
    end_shop_sessions(ctx, tx, Audience::Admin, admin.admin_user_id).await?;
    record_revocations(ctx, tx, admin.uuid, ended).await
}

/// Issues new tokens for a session after a change of the password has invalidated all its tokens. Starts a session if
/// there is none, as for a request with a token of EverShop.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the session has ended since the request began.
pub(in crate::service) async fn continue_session(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    session: Option<Uuid>,
) -> TxResult<TokenPair> {
    let session = family::lock_current::<Entity>(tx, admin.admin_user_id, session).await?;
    let lifetime = Lifetime::of_admins(ctx)?;
    let Some(session) = session.filter(|session| lifetime.lasts(ctx, session.created_at)) else {
        return start(ctx, tx, admin, false).await;
    };
    let (next, expires_at) = (session.refresh_count + 1, lifetime.expiry(ctx, session.created_at));
    let mut row = session.into_active_model();
    row.last_used_at = Set(ctx.app.clock.now());
    row.expires_at = Set(expires_at);
    row.refresh_count = Set(next);
    row.last_refresh_token = Set(None);
    issue(ctx, admin, &row.update(tx).await?)
}

/// Ends a session. Returns false if a concurrent request has already ended it.
async fn end(ctx: &Ctx, tx: &impl ConnectionTrait, session: Model, admin: Uuid) -> TxResult<bool> {
    let uuid = session.uuid;
    if session.delete(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    let data = json!({"count": 1, "session": uuid.to_string(), "admin": admin.to_string()});
    journal::append(ctx, tx, Change::event(EventKind::AdminSessionRevoked, uuid, data)).await?;
    Ok(true)
}

async fn record_revocations(ctx: &Ctx, tx: &impl ConnectionTrait, admin: Uuid, count: u64) -> TxResult<()> {
    if count == 0 {
        return Ok(());
    }
    let data = json!({"count": count, "admin": admin.to_string()});
    journal::append(ctx, tx, Change::event(EventKind::AdminSessionRevoked, admin, data)).await
}

/// Issues tokens for the session's current step.
fn issue(ctx: &Ctx, admin: &admin_user::Model, session: &Model) -> TxResult<TokenPair> {
    let ends_at = Lifetime::of_admins(ctx)?.end(session.created_at);
    let claim = SessionClaim { uuid: session.uuid, ends_at, step: session.refresh_count };
    Ok(token::issue_for_admin(&ctx.app, admin, Some(claim))?)
}
