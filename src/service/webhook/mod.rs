//! Webhooks: endpoints receive events at least once, and the events of each customer in order.
//!
//! When an event is published, a delivery is created for each endpoint whose filters match it. The worker sends the
//! deliveries, signed according to the Standard Webhooks specification, and retries them for three days. A delivery
//! that failed until then is a dead letter (status `parked`). See `docs/webhooks.md`.

mod change;
mod claim;
mod delivery_log;
mod due;
mod input;
mod publish;
mod result;
mod send_test;
mod sign;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryOrder};
use secrecy::SecretString;
use uuid::Uuid;

pub use claim::{ClaimedDelivery, claim};
pub(super) use delivery_log::retention_ended;
pub use delivery_log::{
    Deliveries, DeliveryFilter, deliveries, endpoints_of, entries, replay, replay_dead_letters,
};
pub(super) use due::backlog;
pub use due::endpoints_with_work;
pub use input::{EndpointInput, RotationInput};
pub use publish::publish;
pub use result::record_result;
pub(crate) use send_test::ENDPOINT_DISABLED;
pub use send_test::send_test;

use crate::app::ctx::{AdminCtx, SteppedUpCtx};
use crate::app::write::{Write, Written};
use crate::entity::webhook_endpoint::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::content_version::ContentVersion;
use crate::service::input::patch::Mode;
use crate::service::journal::{self, Change, snapshot};
use crate::service::query::lock::find_for_update;
use crate::spend;
use crate::types::EventKind;

use change::change;
use input::EndpointDraft;

/// The maximum number of endpoints: each event is matched with each of them.
pub const MAX_ENDPOINTS: u64 = 50;
/// The error for one more endpoint.
pub(crate) const TOO_MANY_ENDPOINTS: Error = Error::fixed_conflict("There are at most 50 webhook endpoints");

/// An endpoint with its new secret, which is returned only this time.
pub struct EndpointWithSecret {
    /// The row of the endpoint.
    pub endpoint: Model,
    /// The secret in the form of Standard Webhooks: `whsec_` and base64.
    pub secret: SecretString,
}

impl std::fmt::Debug for EndpointWithSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointWithSecret").field("endpoint", &self.endpoint.uuid).finish_non_exhaustive()
    }
}

/// Creates an endpoint. It receives the events that are published from now on.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input; [`Error::Conflict`] if there are already 50 endpoints.
pub async fn create(
    ctx: &SteppedUpCtx,
    write: Write<EndpointWithSecret>,
    input: EndpointInput,
) -> Result<Written<EndpointWithSecret>> {
    let draft = input.merge(ctx, Mode::Create, EndpointDraft::default())?;
    let (uuid, now) = (ctx.app.random.uuid(), ctx.app.clock.now());
    let secret = sign::new_secret(&ctx.app.random);
    let sealed = sign::seal(&ctx.app, uuid, &secret)?;
    spend!(ctx, write, |tx| {
        journal::lock_positions(tx).await?;
        if Entity::find().count(tx).await? >= MAX_ENDPOINTS {
            return Err(TOO_MANY_ENDPOINTS.into());
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
        journal::append(ctx, tx, created).await?;
        Ok(EndpointWithSecret { endpoint, secret: secret.clone() })
    })
}

/// Updates an endpoint. A disabled endpoint receives no events. Its pending deliveries continue when it is enabled
/// again.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input; [`Error::NotFound`]; [`Error::PreconditionFailed`] if `If-Match`
/// names a version other than the current one; [`Error::StepUpRequired`] for another URL or other events.
pub async fn update(
    ctx: &AdminCtx,
    write: Write<Model>,
    uuid: Uuid,
    input: EndpointInput,
) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    spend!(ctx, write, |tx| {
        // Before the endpoint, as the publisher does.
        journal::lock_positions(tx).await?;
        let current = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(current.content_version())?;
        let before = EndpointDraft::from(&current);
        let draft = input.clone().merge(ctx, Mode::Update, before.clone())?;
        if draft == before {
            return Ok(current);
        }
        if !draft.sends_as(&before) {
            // The data of customers would be sent elsewhere, or more of it.
            ctx.stepped_up()?;
        }
        change(ctx, tx, current, |row| draft.fill(row), false).await
    })
}

/// Deletes an endpoint with all its deliveries, and returns it.
///
/// # Errors
/// [`Error::NotFound`], also if the endpoint was already deleted; [`Error::PreconditionFailed`] if `If-Match` names a
/// version other than the current one.
pub async fn delete(ctx: &SteppedUpCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    spend!(ctx, write, |tx| {
        let endpoint = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(endpoint.content_version())?;
        endpoint.clone().delete(tx).await?;
        let before = snapshot::webhook_endpoint(&endpoint);
        journal::append(ctx, tx, Change::deleted(EventKind::WebhookEndpointDeleted, uuid, &before)).await?;
        Ok(endpoint)
    })
}

/// Replaces the secret of an endpoint. Until the overlap ends, deliveries are also signed with the previous secret, so
/// that receivers can switch at any time in between.
///
/// # Errors
/// [`Error::Invalid`] for an invalid overlap; [`Error::NotFound`].
pub async fn rotate_secret(
    ctx: &SteppedUpCtx,
    write: Write<EndpointWithSecret>,
    uuid: Uuid,
    input: RotationInput,
) -> Result<Written<EndpointWithSecret>> {
    let overlap = TimeDelta::seconds(input.parse()?);
    let secret = sign::new_secret(&ctx.app.random);
    let sealed = sign::seal(&ctx.app, uuid, &secret)?;
    spend!(ctx, write, |tx| {
        let current = find_for_update::<Entity>(tx, uuid).await?;
        let previous = current.secret.clone();
        let apply = |row: &mut ActiveModel| {
            row.secret = Set(sealed.clone());
            row.previous_secret = Set(Some(previous));
            row.previous_secret_expires_at = Set(Some(ctx.app.clock.now() + overlap));
        };
        let endpoint = change(ctx, tx, current, apply, true).await?;
        Ok(EndpointWithSecret { endpoint, secret: secret.clone() })
    })
}

/// Lists all endpoints, oldest first.
pub async fn list(ctx: &AdminCtx) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::WebhookEndpointId).all(ctx.app.db.reader()).await?)
}
