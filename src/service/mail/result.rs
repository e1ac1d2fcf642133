//! Records the results of attempts to send mails, and schedules their retries.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::mail::{ActiveModel, Column, Entity, Model};
use crate::error::Result;
use crate::outbound::mailer::SendError;
use crate::service::queue::{self, AttemptOutcome};
use crate::transact;
use crate::types::MailStatus;

/// Records the result of an attempt: sent, to be retried, or failed permanently. Does nothing if the mail was deleted
/// or another worker has claimed it since. Retried until the claim ends.
pub async fn record_result(
    ctx: &AdminCtx,
    mail: &Model,
    outcome: std::result::Result<(), SendError>,
) -> Result<()> {
    let (row, outcome) = match outcome {
        Ok(()) => (sent(ctx), AttemptOutcome::Sent),
        Err(error) => failed(ctx, mail, &error),
    };
    queue::record_until(ctx, mail.uuid, mail.next_attempt_at, || record(ctx, mail, &row)).await?;
    queue::report_mail(ctx, mail, &outcome);
    Ok(())
}

async fn record(ctx: &Ctx, mail: &Model, row: &ActiveModel) -> Result<()> {
    transact!(ctx.app.db, |tx| {
        // The mail may have been deleted with its customer, or claimed by another worker after the end of the lease.
        let update = Entity::update_many().set(row.clone()).filter(Column::MailId.eq(mail.mail_id));
        let update =
            update.filter(Column::Attempts.eq(mail.attempts)).filter(Column::Status.ne(MailStatus::Sent));
        update.exec(tx).await?;
        Ok(())
    })
}

/// The changes to a mail that the mail server accepted.
fn sent(ctx: &Ctx) -> ActiveModel {
    ActiveModel {
        status: Set(MailStatus::Sent),
        sent_at: Set(Some(ctx.app.clock.now())),
        last_error: Set(None),
        ..Default::default()
    }
}

/// The changes to a mail after a failed attempt, and the outcome: it is retried, or failed permanently.
fn failed(ctx: &Ctx, mail: &Model, error: &SendError) -> (ActiveModel, AttemptOutcome) {
    let next = queue::next_attempt(ctx, backoff(mail.attempts), TimeDelta::zero(), mail.give_up_at);
    let reason = error.reason.clone();
    let (mut row, outcome) = match next {
        Some(next) if !error.is_final => {
            let row = ActiveModel { next_attempt_at: Set(next), ..Default::default() };
            (row, AttemptOutcome::Postponed(reason))
        }
        _ => (failed_permanently(), AttemptOutcome::GivenUp(Some(reason))),
    };
    row.last_error = Set(queue::stored_error(&error.reason));
    (row, outcome)
}

/// The changes to a mail that failed permanently.
pub(super) fn failed_permanently() -> ActiveModel {
    ActiveModel { status: Set(MailStatus::Failed), ..Default::default() }
}

/// The backoff after this number of attempts, without [jitter](crate::random::Random::jitter): a minute, doubled by
/// each attempt, up to an hour.
fn backoff(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(6);
    TimeDelta::minutes(1 << doublings).min(TimeDelta::hours(1))
}
