//! Logging out: here, there, everywhere.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::refresh::Presented;
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::customer_session::{Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::account::{end_sessions, invalidate_pending_links};
use crate::service::journal::{self, Change};
use crate::service::token::Audience;
use crate::spend;
use crate::types::EventKind;

/// Ends the session of a refresh token. None when there is none to end, which is as good (RFC 7009 2.2): then nothing is
/// changed, and nothing stored for an idempotency key, since anyone can make up tokens.
///
/// # Errors
/// Those of the database.
pub async fn revoke(ctx: &Ctx, write: Write<()>, refresh_token: &str) -> Result<Option<Written<()>>> {
    let Some(presented) = Presented::read(ctx, refresh_token, Audience::Customer) else { return Ok(None) };
    // Found out without a transaction: tokens of sessions that have ended keep nobody from writing.
    let find = || Entity::find().filter(Column::Uuid.eq(presented.session));
    if find().one(ctx.app.db.reader()).await?.is_none() {
        return Ok(None);
    }
    let ended = spend!(ctx, write.or_nothing(), |tx| {
        let Some(session) = find().one(tx).await? else { return Ok(None) };
        let owner = lock_customer(tx, session.customer_id).await?;
        // A token from before a change of the password is good for nothing.
        if owner != Some((presented.account, presented.generation)) {
            return Ok(None);
        }
        // Of two that come at once, one ends it.
        if session.clone().delete(tx).await?.rows_affected == 0 {
            return Ok(None);
        }
        record_revocation(ctx, tx, &session).await?;
        Ok(Some(()))
    })?;
    Ok(ended.something())
}

/// Ends one of the customer's own sessions and tells which it was.
///
/// # Errors
/// [`Error::NotFound`], also for a session of another customer.
pub async fn end(ctx: &Ctx, write: Write<Model>, session: Uuid) -> Result<Written<Model>> {
    let (customer_id, _) = ctx.require_customer()?;
    spend!(ctx, write, |tx| {
        let own = Entity::find().filter(Column::CustomerId.eq(customer_id));
        lock_customer(tx, customer_id).await?;
        let session = own.filter(Column::Uuid.eq(session)).lock_exclusive().one(tx).await?;
        let session = session.ok_or(Error::NotFound("Session"))?;
        session.clone().delete(tx).await?;
        record_revocation(ctx, tx, &session).await?;
        Ok(session)
    })
}

/// Ends all of the customer's own sessions, and with them every token that is out there.
///
/// # Errors
/// Those of the database.
pub async fn end_all(ctx: &Ctx, write: Write<()>) -> Result<Written<()>> {
    let (customer_id, _) = ctx.require_customer()?;
    spend!(ctx, write, |tx| {
        // The customer first, then its sessions: the order in which everything locks them.
        let select = customer::Entity::find_by_id(customer_id).lock_exclusive();
        let customer = select.one(tx).await?.ok_or(Error::NotFound("Customer"))?;
        let ended = end_sessions(tx, customer_id, None).await?;
        record_revocations(ctx, tx, customer_id, ended).await?;
        // Whoever was in may have wished for an address of its own.
        invalidate_pending_links(tx, &customer).await?;
        let generation = customer.token_generation + 1;
        let mut row = customer.into_active_model();
        row.pending_email.set_if_not_equals(None);
        row.token_generation = Set(generation);
        // Counted by the journal meanwhile.
        row.event_sequence = NotSet;
        row.update(tx).await?;
        Ok(())
    })
}

/// The customer first, then its sessions: the order in which everything locks them. Its identifier and token generation.
async fn lock_customer(tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<Option<(Uuid, i64)>> {
    let select = customer::Entity::find_by_id(customer_id).select_only();
    let select = select.columns([customer::Column::Uuid, customer::Column::TokenGeneration]).lock_exclusive();
    Ok(select.into_tuple().one(tx).await?)
}

/// Tells of sessions that were ended, if any were. The customer should be locked already: whoever locks it after one of
/// its sessions may wait for somebody who does it the other way round, until the database lets one of them try again.
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
    let ended = Change::happened(EventKind::SessionRevoked, uuid, json!({"count": count}));
    journal::append_numbered(ctx, tx, customer_id, vec![ended]).await
}

/// Tells of one session that was ended.
pub(super) async fn record_revocation(ctx: &Ctx, tx: &impl ConnectionTrait, session: &Model) -> TxResult<()> {
    let ended = json!({"count": 1, "session": session.uuid.to_string()});
    let ended = Change::happened(EventKind::SessionRevoked, session.uuid, ended);
    journal::append_numbered(ctx, tx, session.customer_id, vec![ended]).await
}

async fn uuid_of(tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<Option<Uuid>> {
    let customer = customer::Entity::find_by_id(customer_id).select_only().column(customer::Column::Uuid);
    Ok(customer.into_tuple().one(tx).await?)
}
