//! What a restored database must not send: the mails and webhook deliveries that were pending when it was copied.
//!
//! The original may still run and send them, or have sent them since. They fail permanently instead, with the reason, and
//! the operator can retry them with the same commands as others that failed.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::app::ctx::AdminCtx;
use crate::entity::{mail, webhook_delivery};
use crate::error::Result;
use crate::service::{shop_changes, webhook};
use crate::transact;
use crate::types::{DeliveryStatus, MailStatus};

/// The stored error of what is held.
const REASON: &str = "not sent by the restored database: the original may have sent it";

/// The number of mails and webhook deliveries that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldDeliveries {
    /// Mails, which have the status `failed`.
    pub mails: u64,
    /// Deliveries, which have the status `parked`.
    pub deliveries: u64,
}

/// Holds all pending mails and webhook deliveries, and those of events that are not published yet.
///
/// # Errors
/// When the database fails.
pub async fn hold_deliveries(ctx: &AdminCtx) -> Result<HeldDeliveries> {
    ctx.app.db.known_sharing().await?;
    while shop_changes::are_queued(ctx) && shop_changes::drain(ctx).await? {}
    while webhook::publish(ctx).await? > 0 {}
    let reason = || Set(Some(REASON.to_owned()));
    transact!(ctx.app.db, |tx| {
        let failed =
            mail::ActiveModel { status: Set(MailStatus::Failed), last_error: reason(), ..Default::default() };
        let mails = mail::Entity::update_many().set(failed);
        let mails = mails.filter(mail::Column::Status.eq(MailStatus::Pending)).exec(tx).await?;
        let parked = webhook_delivery::ActiveModel {
            status: Set(DeliveryStatus::DeadLetter),
            last_error: reason(),
            ..Default::default()
        };
        let deliveries = webhook_delivery::Entity::update_many().set(parked);
        let deliveries =
            deliveries.filter(webhook_delivery::Column::Status.eq(DeliveryStatus::Pending)).exec(tx).await?;
        Ok(HeldDeliveries { mails: mails.rows_affected, deliveries: deliveries.rows_affected })
    })
}
