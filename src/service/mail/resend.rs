//! Sends a failed mail again, for an admin.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::enqueue::RETRY_PERIOD;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::mail::{ActiveModel, Entity, Model};
use crate::entity::{PublicId, customer};
use crate::error::{Error, Result};
use crate::service::journal::{self, Change};
use crate::service::query::lock::find_for_update;
use crate::spend;
use crate::types::{EventKind, MailStatus};

/// The error for a mail that will still be sent.
pub(crate) const STILL_PENDING: Error = Error::fixed_conflict("The mail is still retried");
/// The error for a mail that the mail server has accepted.
pub(crate) const ALREADY_SENT: Error = Error::fixed_conflict("The mail was already sent");
/// The error for a mail that must not be sent any more.
pub(crate) const WITHDRAWN: Error = Error::fixed_conflict("The mail was withdrawn, because it is superseded");

/// Sends a mail that failed permanently again at once, and retries it for another day. The journal records it.
///
/// # Errors
/// [`Error::NotFound`] for an unknown mail; [`Error::Conflict`] for a mail that has not failed.
pub async fn resend(ctx: &AdminCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    spend!(ctx, write, |tx| {
        lock_customer(tx, uuid).await?;
        let mail = find_for_update::<Entity>(tx, uuid).await?;
        match mail.status {
            MailStatus::Failed => {}
            MailStatus::Pending => return Err(STILL_PENDING.into()),
            MailStatus::Sent => return Err(ALREADY_SENT.into()),
            MailStatus::Withdrawn => return Err(WITHDRAWN.into()),
        }
        let mut row = mail.into_active_model();
        reset_to_pending(ctx, &mut row);
        let mail = row.update(tx).await?;
        record(ctx, tx, &mail).await?;
        Ok(mail)
    })
}

/// Lets a mail be sent at once, and retried for a day.
pub(super) fn reset_to_pending(ctx: &Ctx, row: &mut ActiveModel) {
    let now = ctx.app.clock.now();
    row.status = Set(MailStatus::Pending);
    row.attempts = Set(0);
    row.next_attempt_at = Set(now);
    row.give_up_at = Set(now + RETRY_PERIOD);
}

/// Locks the customer of a mail, if it has one. Lock order: the account, then the mail, as when a mail is claimed.
async fn lock_customer(tx: &impl ConnectionTrait, mail: Uuid) -> TxResult<()> {
    let mail = Entity::find_by_public_id(mail).one(tx).await?;
    if let Some(id) = mail.and_then(|mail| mail.customer_id) {
        let select = customer::Entity::find_by_id(id).select_only().column(customer::Column::CustomerId);
        select.lock_exclusive().into_tuple::<i32>().one(tx).await?;
    }
    Ok(())
}

/// Records in the journal that an admin had a mail sent again.
async fn record(ctx: &Ctx, tx: &impl ConnectionTrait, mail: &Model) -> TxResult<()> {
    let data = json!({"uuid": mail.uuid.to_string(), "kind": mail.kind.to_string()});
    let retried = Change::event(EventKind::MailRetried, mail.uuid, data);
    match mail.customer_id {
        Some(customer_id) => journal::append_numbered(ctx, tx, customer_id, vec![retried]).await,
        None => journal::append(ctx, tx, retried).await,
    }
}
