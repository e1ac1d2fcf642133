//! What the operator does with mails: `patron mail` lists and retries them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::resend::{ALREADY_SENT, WITHDRAWN, reset_to_pending};
use crate::app::ctx::AdminCtx;
use crate::entity::mail::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::transact;
use crate::types::MailStatus;

/// Lists all mails, or those with a status, oldest first.
pub async fn list(ctx: &AdminCtx, status: Option<MailStatus>) -> Result<Vec<Model>> {
    let mut select = Entity::find().order_by_asc(Column::MailId);
    if let Some(status) = status {
        select = select.filter(Column::Status.eq(status));
    }
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// Retries an unsent mail at once, and for another day. Without an id, retries all mails that failed permanently.
/// Returns the number of mails.
///
/// # Errors
/// [`Error::NotFound`] for an unknown id; [`Error::Conflict`] for a mail that was sent or withdrawn.
pub async fn retry(ctx: &AdminCtx, id: Option<Uuid>) -> Result<u64> {
    let mut row = ActiveModel::default();
    reset_to_pending(ctx, &mut row);
    transact!(ctx.app.db, |tx| {
        let update = Entity::update_many().set(row.clone());
        let update = match id {
            None => update.filter(Column::Status.eq(MailStatus::Failed)),
            Some(id) => {
                let mail = Entity::find().filter(Column::Uuid.eq(id)).one(tx).await?;
                let mail = mail.ok_or(Error::NotFound("Mail"))?;
                match mail.status {
                    MailStatus::Pending | MailStatus::Failed => {}
                    MailStatus::Sent => return Err(ALREADY_SENT.into()),
                    MailStatus::Withdrawn => return Err(WITHDRAWN.into()),
                }
                update.filter(Column::MailId.eq(mail.mail_id))
            }
        };
        Ok(update.exec(tx).await?.rows_affected)
    })
}
