//! What the operator does with mails: `patron mail` lists and retries them.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::enqueue::RETRY_PERIOD;
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
    let now = ctx.app.clock.now();
    transact!(ctx.app.db, |tx| {
        let mut update = Entity::update_many().set(ActiveModel {
            status: Set(MailStatus::Pending),
            attempts: Set(0),
            next_attempt_at: Set(now),
            give_up_at: Set(now + RETRY_PERIOD),
            ..Default::default()
        });
        update = match id {
            None => update.filter(Column::Status.eq(MailStatus::Failed)),
            Some(id) => {
                let mail = Entity::find().filter(Column::Uuid.eq(id)).one(tx).await?;
                let mail = mail.ok_or(Error::NotFound("Mail"))?;
                match mail.status {
                    MailStatus::Pending | MailStatus::Failed => {}
                    MailStatus::Sent => return Err(Error::conflict("The mail was already sent").into()),
                    MailStatus::Withdrawn => {
                        return Err(
                            Error::conflict("The mail was withdrawn, because it is superseded").into()
                        );
                    }
                }
                update.filter(Column::MailId.eq(mail.mail_id))
            }
        };
        Ok(update.exec(tx).await?.rows_affected)
    })
}
