//! Webhooks: endpoints that are told of events, at least once and for each customer in order.
//!
//! When events are published, a delivery is written for each endpoint that wants them; the worker sends them, signed
//! as the Standard Webhooks specification says, and tries again for three days. See `docs/webhooks.md`.

mod delivery;
mod delivery_log;
mod input;
mod publish;
mod sign;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use secrecy::SecretString;
use uuid::Uuid;

pub use delivery::{Outgoing, claim, endpoints_with_work, record_result};
pub(super) use delivery::{backlog, enqueue_deliveries};
pub(super) use delivery_log::forgotten;
pub use delivery_log::{
    Deliveries, DeliveryFilter, deliveries, endpoints_of, entries, replay, replay_dead_letters,
};
pub use input::{EndpointInput, RotationInput};
pub use publish::publish;

use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::webhook_endpoint::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::input::patch::Mode;
use crate::service::journal::{self, Change, snapshot};
use crate::spend;
use crate::types::EventKind;

use input::EndpointDraft;

/// The most endpoints there may be: each event is matched with each of them.
pub const MAX_ENDPOINTS: u64 = 50;

/// An endpoint with the secret that was just made, which is shown this once.
pub struct WithSecret {
    /// The row.
    pub endpoint: Model,
    /// The secret, as Standard Webhooks writes it: `whsec_` and base64.
    pub secret: SecretString,
}

impl std::fmt::Debug for WithSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithSecret").field("endpoint", &self.endpoint.uuid).finish_non_exhaustive()
    }
}

/// Makes an endpoint; it is told of what happens from now on.
///
/// # Errors
/// [`Error::Invalid`] with all problems, [`Error::Conflict`] beyond 50 endpoints.
pub async fn create(
    ctx: &Ctx,
    write: Write<WithSecret>,
    input: EndpointInput,
) -> Result<Written<WithSecret>> {
    ctx.require_admin()?;
    let draft = input.merge(ctx, Mode::Create, EndpointDraft::default())?;
    let (uuid, now) = (ctx.app.random.uuid(), ctx.app.clock.now());
    let secret = sign::new_secret(&ctx.app.random);
    let sealed = sign::seal(&ctx.app, uuid, &secret)?;
    spend!(ctx, write, |tx| {
        if Entity::find().count(tx).await? >= MAX_ENDPOINTS {
            return Err(Error::conflict("There are at most 50 webhook endpoints").into());
        }
        let mut row = ActiveModel {
            uuid: Set(uuid),
            secret: Set(sealed.clone()),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        draft.clone().fill(&mut row);
        let endpoint = row.insert(tx).await?;
        let data = snapshot::webhook_endpoint(&endpoint);
        let created = Change::created(EventKind::WebhookEndpointCreated, uuid, data).with_secret("secret");
        journal::record(ctx, tx, created).await?;
        Ok(WithSecret { endpoint, secret: secret.clone() })
    })
}

/// Changes an endpoint. One that is disabled is told nothing; what waits for it goes on when it is enabled again.
///
/// # Errors
/// [`Error::Invalid`] with all problems, [`Error::NotFound`].
pub async fn update(
    ctx: &Ctx,
    write: Write<Model>,
    uuid: Uuid,
    input: EndpointInput,
) -> Result<Written<Model>> {
    ctx.require_admin()?;
    spend!(ctx, write, |tx| {
        let current = find_for_update(tx, uuid).await?;
        let before = EndpointDraft::from(&current);
        let draft = input.clone().merge(ctx, Mode::Update, before.clone())?;
        if draft == before {
            return Ok(current);
        }
        change(ctx, tx, current, |row| draft.fill(row), false).await
    })
}

/// Deletes an endpoint with all of its deliveries, and tells what it was.
///
/// # Errors
/// [`Error::NotFound`], the second time as well.
pub async fn delete(ctx: &Ctx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_admin()?;
    spend!(ctx, write, |tx| {
        let endpoint = find_for_update(tx, uuid).await?;
        endpoint.clone().delete(tx).await?;
        let before = snapshot::webhook_endpoint(&endpoint);
        journal::record(ctx, tx, Change::deleted(EventKind::WebhookEndpointDeleted, uuid, &before)).await?;
        Ok(endpoint)
    })
}

/// Gives an endpoint another secret. Until the overlap is over deliveries are signed with the one before as well, so
/// that receivers can change over at any moment.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`].
pub async fn rotate_secret(
    ctx: &Ctx,
    write: Write<WithSecret>,
    uuid: Uuid,
    input: RotationInput,
) -> Result<Written<WithSecret>> {
    ctx.require_admin()?;
    let overlap = TimeDelta::seconds(input.parse()?);
    let secret = sign::new_secret(&ctx.app.random);
    let sealed = sign::seal(&ctx.app, uuid, &secret)?;
    spend!(ctx, write, |tx| {
        let current = find_for_update(tx, uuid).await?;
        let previous = current.secret.clone();
        let apply = |row: &mut ActiveModel| {
            row.secret = Set(sealed.clone());
            row.previous_secret = Set(Some(previous));
            row.previous_secret_expires_at = Set(Some(ctx.app.clock.now() + overlap));
        };
        let endpoint = change(ctx, tx, current, apply, true).await?;
        Ok(WithSecret { endpoint, secret: secret.clone() })
    })
}

async fn change(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    current: Model,
    apply: impl FnOnce(&mut ActiveModel),
    is_secret: bool,
) -> TxResult<Model> {
    let before = snapshot::webhook_endpoint(&current);
    let updated_at = ctx.app.clock.after(current.updated_at);
    let mut row = current.into_active_model();
    apply(&mut row);
    row.updated_at = Set(updated_at);
    let endpoint = row.update(tx).await?;
    let data = snapshot::webhook_endpoint(&endpoint);
    let updated = Change::updated(EventKind::WebhookEndpointUpdated, endpoint.uuid, &before, data);
    let updated = if is_secret { updated.with_secret("secret") } else { updated };
    journal::record(ctx, tx, updated).await?;
    Ok(endpoint)
}

/// All endpoints, the oldest first.
///
/// # Errors
/// Only admins may: [`Error::Unauthenticated`], [`Error::Forbidden`].
pub async fn list(ctx: &Ctx) -> Result<Vec<Model>> {
    ctx.require_admin()?;
    Ok(Entity::find().order_by_asc(Column::WebhookEndpointId).all(ctx.app.db.reader()).await?)
}

async fn find_for_update(tx: &impl ConnectionTrait, uuid: Uuid) -> TxResult<Model> {
    let endpoint = Entity::find().filter(Column::Uuid.eq(uuid)).lock_exclusive().one(tx).await?;
    Ok(endpoint.ok_or(Error::NotFound("Webhook endpoint"))?)
}
