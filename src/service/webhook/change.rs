//! The change of an endpoint, with its journal entry.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::webhook_endpoint::{ActiveModel, Model};
use crate::service::journal::{self, Change, snapshot};
use crate::types::EventKind;

/// Changes an endpoint and records the change. `is_secret`: the secret is changed, whose value is not recorded.
pub(super) async fn change(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    current: Model,
    apply: impl FnOnce(&mut ActiveModel),
    is_secret: bool,
) -> TxResult<Model> {
    let before = snapshot::webhook_endpoint(&current);
    let updated_at = ctx.app.clock.now_after(current.updated_at);
    let mut row = current.into_active_model();
    apply(&mut row);
    row.updated_at = Set(updated_at);
    let endpoint = row.update(tx).await?;
    let data = snapshot::webhook_endpoint(&endpoint);
    let updated = Change::updated(EventKind::WebhookEndpointUpdated, endpoint.uuid, &before, data);
    let updated = if is_secret { updated.with_secret("secret") } else { updated };
    journal::append(ctx, tx, updated).await?;
    Ok(endpoint)
}
