//! Ending sessions of customers: by refresh token, by identifier, or all of them. Each end is recorded in the journal.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::presented_token::PresentedToken;
use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::customer_session::{Column, Entity, Model};
use crate::entity::{PublicId, customer};
use crate::error::{Error, Result};
use crate::service::account::{end_sessions, find_by_id_for_update, invalidate_pending_links};
use crate::service::journal::{self, Change};
use crate::service::query::lock::find_for_update;
use crate::service::shop_session::end::end_shop_sessions;
use crate::service::token;
use crate::spend;
use crate::types::{Audience, EventKind};

/// Ends the session of a refresh token. Returns `None` if there is no such session, which is a success as well
/// (RFC 7009 2.2). Then nothing is stored, not even for an idempotency key, because anyone can invent tokens.
pub async fn revoke(ctx: &Ctx, write: Write<()>, refresh_token: &str) -> Result<Option<Written<()>>> {
    let presented = PresentedToken::of_session::<Entity>(ctx, refresh_token, Audience::Customer).await?;
    let Some(presented) = presented else { return Ok(None) };
    let outcome = spend!(ctx, write.optional(), |tx| {
        let session = Entity::find_by_public_id(presented.session).one(tx).await?;
        let Some(session) = session else { return Ok(None) };
        let owner = lock_customer(tx, session.customer_id).await?;
        // A change of the password invalidates earlier tokens.
        if owner != Some((presented.account, presented.generation)) {
            return Ok(None);
        }
        Ok(delete_session(ctx, tx, &session).await?.then_some(()))
    })?;
    Ok(outcome.into_value())
}

/// Ends one of the caller's sessions and returns it.
///
/// # Errors
/// [`Error::NotFound`], also for a session of another customer.
pub async fn end(ctx: &CustomerCtx, write: Write<Model>, session: Uuid) -> Result<Written<Model>> {
    let customer_id = ctx.customer_id;
    spend!(ctx, write, |tx| {
        lock_customer(tx, customer_id).await?;
        end_one(ctx, tx, customer_id, session).await
    })
}

/// Ends one session of a customer and returns it.
///
/// # Errors
/// [`Error::NotFound`] for an unknown customer, and for a session of another customer.
pub async fn end_of(
    ctx: &AdminCtx,
    write: Write<Model>,
    customer: Uuid,
    session: Uuid,
) -> Result<Written<Model>> {
    spend!(ctx, write, |tx| {
        let customer = find_for_update::<customer::Entity>(tx, customer).await?;
        end_one(ctx, tx, customer.customer_id, session).await
    })
}

/// Ends a session of a customer, whose row the calling code has locked.
async fn end_one(ctx: &Ctx, tx: &impl ConnectionTrait, customer_id: i32, session: Uuid) -> TxResult<Model> {
    let own = Entity::find().filter(Column::CustomerId.eq(customer_id));
    let session = own.filter(Column::Uuid.eq(session)).lock_exclusive().one(tx).await?;
    let session = session.ok_or(Error::NotFound(Entity::NOUN))?;
    delete_session(ctx, tx, &session).await?;
    Ok(session)
}

/// Ends all sessions of the caller and invalidates all its tokens.
pub async fn end_all(ctx: &CustomerCtx, write: Write<()>) -> Result<Written<()>> {
    let customer_id = ctx.customer_id;
    spend!(ctx, write, |tx| {
        // Lock order: the customer, then its sessions.
        let customer = find_by_id_for_update(tx, customer_id).await?;
        end_all_locked(ctx, tx, customer).await?;
        Ok(())
    })
}

/// Ends all sessions of a customer and invalidates all its tokens.
///
/// # Errors
/// [`Error::NotFound`] for an unknown customer.
pub async fn end_all_of(ctx: &AdminCtx, write: Write<()>, customer: Uuid) -> Result<Written<()>> {
    spend!(ctx, write, |tx| {
        let customer = find_for_update::<customer::Entity>(tx, customer).await?;
        end_all_locked(ctx, tx, customer).await?;
        Ok(())
    })
}

/// Ends all sessions of a customer, whose row the calling code has locked, and invalidates all its tokens, with those that
/// belong to no session. Returns whether there was a session or a pending e-mail change.
pub(in crate::service) async fn end_all_locked(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: customer::Model,
) -> TxResult<bool> {
    let ended = end_sessions(tx, customer.customer_id, None).await?;
    record_revocations(ctx, tx, customer.customer_id, ended).await?;
    end_shop_sessions(ctx, tx, Audience::Customer, customer.customer_id).await?;
    // An attacker with a session may have requested a change of the e-mail address.
    invalidate_pending_links(tx, &customer).await?;
    let had_any = ended > 0 || customer.pending_email.is_some();
    let generation = customer.token_generation + 1;
    let valid_from = token::valid_from(ctx.app.clock.now(), customer.tokens_valid_from);
    let mut row = customer.into_active_model();
    row.pending_email.set_if_not_equals(None);
    row.token_generation = Set(generation);
    row.tokens_valid_from = Set(Some(valid_from));
    // The journal has incremented it in this transaction.
    row.event_sequence = NotSet;
    row.update(tx).await?;
    Ok(had_any)
}

/// Locks a customer before its sessions are locked (see the lock order in [`record_revocations`]). Returns its uuid and
/// token generation.
async fn lock_customer(tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<Option<(Uuid, i64)>> {
    let select = customer::Entity::find_by_id(customer_id).select_only();
    let select = select.columns([customer::Column::Uuid, customer::Column::TokenGeneration]).lock_exclusive();
    Ok(select.into_tuple().one(tx).await?)
}

/// Records the end of sessions in the journal, if there were any. Lock order: the calling code has to lock the customer
/// before its sessions. Transactions in different orders would deadlock, and the database would abort one of them.
pub(super) async fn record_revocations(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    count: u64,
) -> TxResult<()> {
    if count == 0 {
        return Ok(());
    }
    let Some(uuid) = uuid_of(tx, customer_id).await? else { return Ok(()) };
    let ended = Change::event(EventKind::SessionRevoked, uuid, json!({"count": count}));
    journal::append_numbered(ctx, tx, customer_id, vec![ended]).await
}

/// Ends a session and records that in the journal. Returns false if a concurrent request has already ended it.
pub(super) async fn delete_session(ctx: &Ctx, tx: &impl ConnectionTrait, session: &Model) -> TxResult<bool> {
    if session.clone().delete(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    let data = json!({"count": 1, "session": session.uuid.to_string()});
    let ended = Change::event(EventKind::SessionRevoked, session.uuid, data);
    journal::append_numbered(ctx, tx, session.customer_id, vec![ended]).await?;
    Ok(true)
}

async fn uuid_of(tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<Option<Uuid>> {
    let customer = customer::Entity::find_by_id(customer_id).select_only().column(customer::Column::Uuid);
    Ok(customer.into_tuple().one(tx).await?)
}
