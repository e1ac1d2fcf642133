//! A test event for one endpoint, by which an admin sees whether the receiver accepts deliveries.

use sea_orm::ActiveModelTrait;
use serde_json::json;
use uuid::Uuid;

use super::publish::new_delivery;
use crate::app::ctx::AdminCtx;
use crate::app::write::{Write, Written};
use crate::entity::{webhook_delivery, webhook_endpoint};
use crate::error::{Error, Result};
use crate::service::journal::{self, Change};
use crate::service::query::lock::find_for_update;
use crate::spend;
use crate::types::EventKind;

/// The error for a test of an endpoint that receives nothing.
pub(crate) const ENDPOINT_DISABLED: Error = Error::fixed_conflict("The webhook endpoint is disabled");

/// Sends the event `webhook.test` to an endpoint, whatever its filters, and to no other one. Like every event, it is in the
/// feed and in the audit trail, and its delivery is signed and retried.
///
/// # Errors
/// [`Error::NotFound`] for an unknown endpoint; [`Error::Conflict`] for a disabled one.
pub async fn send_test(
    ctx: &AdminCtx,
    write: Write<webhook_delivery::Model>,
    uuid: Uuid,
) -> Result<Written<webhook_delivery::Model>> {
    spend!(ctx, write, |tx| {
        let endpoint = find_for_update::<webhook_endpoint::Entity>(tx, uuid).await?;
        if !endpoint.enabled {
            return Err(ENDPOINT_DISABLED.into());
        }
        let data = json!({"uuid": uuid.to_string()});
        let test = Change::event(EventKind::WebhookTest, uuid, data);
        let entry = journal::append_one(ctx, tx, test).await?;
        let delivery = new_delivery(ctx, endpoint.webhook_endpoint_id, entry, None);
        Ok(delivery.insert(tx).await?)
    })
}
