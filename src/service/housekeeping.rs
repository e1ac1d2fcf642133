//! Deletes expired and old rows: sessions, tokens, idempotency keys, throttle counters, mails, webhook deliveries and
//! journal entries.
//!
//! Each batch of rows is deleted in its own transaction. If one fails, the batches before it stay deleted and the
//! next run continues.

use sea_orm::sea_query::{IntoCondition, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::{
    idempotency_key, journal_entry, mail, reset_password_token, throttle, verify_email_token,
    webhook_delivery,
};
use crate::error::Result;
use crate::service::mailed_token::expiry_cutoff;
use crate::service::{journal, session, webhook};
use crate::transact;
use crate::types::MailStatus;

/// Maximum number of rows per transaction, so that other writers don't wait long and PostgreSQL does not cancel the
/// statement.
const BATCH: u64 = 1000;

/// Deletes all expired and old rows once and returns their number.
pub async fn run_once(ctx: &AdminCtx) -> Result<u64> {
    let (now, config) = (ctx.app.clock.now(), &ctx.app.config.accounts);
    let reset = expiry_cutoff(ctx, config.reset_password_expiry)?;
    let verify = expiry_cutoff(ctx, config.verify_email_expiry)?;
    let old_mail = Condition::all()
        .add(mail::Column::Status.ne(MailStatus::Pending))
        .add(mail::Column::CreatedAt.lte(super::mail::retention_cutoff(ctx)));
    let old_counter = throttle::Column::UpdatedAt.lte(super::login_attempts::retention_cutoff(ctx));
    let mut deleted = session::delete_expired(ctx).await?;
    let expired_key = idempotency_key::Column::ExpiresAt.lte(now);
    deleted += sweep::<idempotency_key::Entity>(ctx, idempotency_key::Column::Scope, expired_key).await?;
    deleted += sweep::<throttle::Entity>(ctx, throttle::Column::Key, old_counter).await?;
    deleted += sweep::<mail::Entity>(ctx, mail::Column::MailId, old_mail).await?;
    let old_delivery = webhook::retention_ended(ctx);
    deleted +=
        sweep::<webhook_delivery::Entity>(ctx, webhook_delivery::Column::WebhookDeliveryId, old_delivery)
            .await?;
    let expired = journal::advance_expiry(ctx).await?;
    deleted += sweep::<journal_entry::Entity>(ctx, journal_entry::Column::JournalEntryId, expired).await?;
    let reset = reset_password_token::Column::CreatedAt.lte(reset);
    deleted +=
        sweep::<reset_password_token::Entity>(ctx, reset_password_token::Column::ResetPasswordTokenId, reset)
            .await?;
    let verify = verify_email_token::Column::CreatedAt.lte(verify);
    deleted +=
        sweep::<verify_email_token::Entity>(ctx, verify_email_token::Column::VerifyEmailTokenId, verify)
            .await?;
    Ok(deleted)
}

/// Deletes the rows that meet a condition, in batches.
async fn sweep<E: EntityTrait>(
    ctx: &Ctx,
    primary_key: E::Column,
    condition: impl IntoCondition,
) -> Result<u64> {
    let condition = condition.into_condition();
    let mut deleted = 0;
    loop {
        let batch = transact!(ctx.app.db, |tx| {
            let batch = Query::select()
                .column(primary_key)
                .from(E::default())
                .cond_where(condition.clone())
                .limit(BATCH)
                .to_owned();
            let rows = E::delete_many().filter(primary_key.in_subquery(batch));
            Ok(rows.exec(tx).await?.rows_affected)
        })?;
        deleted += batch;
        if batch < BATCH {
            return Ok(deleted);
        }
    }
}
