//! Claims mails that are due, for the worker to send.

use chrono::TimeDelta;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};

use super::enqueue::RETRY_PERIOD;
use super::result::failed_permanently;
use super::variables;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::clock::Clock;
use crate::db::TxResult;
use crate::entity::mail::{Column, Entity, Model};
use crate::error::Result;
use crate::outbound::mailer::Variables;
use crate::service::mail_recipient::{MailRecipient, variables_for_admin};
use crate::service::queue::{self, AttemptOutcome};
use crate::telemetry::metrics::Backlog;
use crate::transact;
use crate::types::MailStatus;

/// The duration of a claim, after which another worker may send the mail.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// The upper bound of `next_attempt_at`, from now. Longer than the longest backoff.
const MAX_POSTPONEMENT: TimeDelta = TimeDelta::hours(2);
/// The maximum number of mails that are claimed at once.
const BATCH: u64 = 10;

/// A claimed mail, to be rendered and sent by the worker.
pub struct ClaimedMail {
    /// The row of the mail.
    pub mail: Model,
    /// The variables of the template.
    pub variables: Variables,
}

impl std::fmt::Debug for ClaimedMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimedMail").field("mail", &self.mail.uuid).finish_non_exhaustive()
    }
}

/// Claims due mails. No other worker gets them until the lease ends. A mail that must not be sent is deleted, for
/// example because no account has the address or nothing is left to verify.
pub async fn claim(ctx: &AdminCtx) -> Result<Vec<ClaimedMail>> {
    // Usually there is none. Checked without a transaction, because one on SQLite blocks other writers.
    let due = due(&ctx.app.clock).order_by_asc(Column::NextAttemptAt).limit(BATCH);
    let due = due.all(ctx.app.db.reader()).await?;
    let mut outgoing = Vec::new();
    for mail in due {
        match transact!(ctx.app.db, |tx| { claim_one(ctx, tx, &mail).await }) {
            Ok(MailClaim::Claimed(mail)) => outgoing.push(mail),
            Ok(MailClaim::GivenUp(mail)) => {
                queue::report_mail(ctx, &mail, &AttemptOutcome::GivenUp(None));
            }
            Ok(MailClaim::NotSent) => {}
            Err(error) if outgoing.is_empty() => return Err(error),
            Err(error) => {
                // Those that are claimed are sent: otherwise they would wait until their claims end.
                tracing::warn!(%error, "a mail could not be claimed, will retry");
                break;
            }
        }
    }
    Ok(outgoing)
}

/// The outcome of the claim of a mail.
enum MailClaim {
    Claimed(ClaimedMail),
    /// The retries have ended.
    GivenUp(Model),
    /// Another worker has claimed it, or it must not be sent.
    NotSent,
}

fn due(clock: &Clock) -> Select<Entity> {
    let pending = Entity::find().filter(Column::Status.eq(MailStatus::Pending));
    pending.filter(queue::is_attempt_due(Column::NextAttemptAt, clock, MAX_POSTPONEMENT))
}

/// Claims one mail, if no other worker has claimed it. Lock order: the recipient's account, then the mail, as in changes of
/// the account. So a change that invalidates links also finds the link that is created here, and the two can't deadlock.
async fn claim_one(ctx: &Ctx, tx: &impl ConnectionTrait, mail: &Model) -> TxResult<MailClaim> {
    let recipient = MailRecipient::lock(tx, mail).await?;
    let now = ctx.app.clock.now();
    let select = due(&ctx.app.clock).filter(Column::MailId.eq(mail.mail_id));
    let Some(mail) = queue::lock_for_claim(select).one(tx).await? else {
        return Ok(MailClaim::NotSent);
    };
    if now >= mail.give_up_at {
        // Every worker that claimed it crashed.
        let update = Entity::update_many().set(failed_permanently());
        update.filter(Column::MailId.eq(mail.mail_id)).exec(tx).await?;
        return Ok(MailClaim::GivenUp(mail));
    }
    let prepared = match &recipient {
        Some(MailRecipient::Customer(customer)) => variables::prepare(ctx, tx, &mail, customer).await?,
        Some(MailRecipient::Admin(admin)) => Some(variables_for_admin(ctx, &mail, admin)),
        None => None,
    };
    let (Some(recipient), Some(variables)) = (recipient, prepared) else {
        mail.delete(tx).await?;
        return Ok(MailClaim::NotSent);
    };
    let (attempts, give_up_at) = (mail.attempts + 1, mail.give_up_at);
    let mut row = mail.into_active_model();
    if let MailRecipient::Customer(customer) = recipient {
        if row.customer_id == Unchanged(None) {
            // An anonymous caller may have requested it. It is sent to the address in the customer's spelling.
            row.recipient = Set(customer.email);
        }
        row.customer_id = Set(Some(customer.customer_id));
    }
    row.attempts = Set(attempts);
    row.next_attempt_at = Set(now + LEASE);
    if give_up_at > ctx.app.clock.latest(RETRY_PERIOD) {
        row.give_up_at = Set(now + RETRY_PERIOD);
    }
    Ok(MailClaim::Claimed(ClaimedMail { mail: row.update(tx).await?, variables }))
}

/// The number of due mails, the time of the oldest, and the number of mails that failed permanently.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let failed = Entity::find().filter(Column::Status.eq(MailStatus::Failed));
    queue::backlog(ctx, due(&ctx.app.clock), failed, Column::NextAttemptAt).await
}
