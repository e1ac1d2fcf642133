//! The mail queue. A mail is enqueued in the transaction of its cause. The worker sends it later, and retries it for a
//! day.
//!
//! A row contains the kind and the recipient of a mail, but no secret. The token of a link is created when the mail is
//! sent, and only its hash is stored, so the database and its backups contain no valid link. Each attempt has another
//! token; all of them are valid until one of them is used.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::clock::Clock;
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::mail::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::outbound::mailer::{SendError, Variables};
use crate::service::{greeting, mailed_token, queue};
use crate::telemetry::metrics::{Backlog, Queue};
use crate::transact;
use crate::types::{EmailAddress, MailKind, MailStatus};

/// The duration of the retries.
const RETRY_PERIOD: TimeDelta = TimeDelta::days(1);
/// The duration of a claim, after which another worker may send the mail.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// The upper bound of `next_attempt_at`, from now. Longer than the longest backoff.
const MAX_POSTPONEMENT: TimeDelta = TimeDelta::hours(2);
/// The maximum number of mails that are claimed at once.
const BATCH: u64 = 10;
/// The maximum number of mails of one kind that a customer can request within an hour.
const MAX_PER_HOUR: u64 = 5;
/// The retention of mails that were sent or failed permanently, so that their status can be inspected.
const RETENTION: TimeDelta = TimeDelta::days(30);

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

/// Enqueues a mail, in the transaction of its cause.
pub(super) async fn enqueue(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: Option<i32>,
    recipient: &EmailAddress,
) -> TxResult<()> {
    let now = ctx.app.clock.now();
    let mail = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        customer_id: Set(customer_id),
        kind: Set(kind),
        recipient: Set(recipient.clone()),
        status: Set(MailStatus::Pending),
        attempts: Set(0),
        created_at: Set(now),
        next_attempt_at: Set(now),
        give_up_at: Set(now + RETRY_PERIOD),
        ..Default::default()
    };
    Entity::insert(mail).exec_without_returning(tx).await?;
    Ok(())
}

/// Withdraws the unsent mails of one kind to a customer, because they are superseded. Mails to the address `except` are
/// not withdrawn.
pub(super) async fn withdraw(
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
    except: Option<&EmailAddress>,
) -> TxResult<()> {
    let mut update = Entity::update_many()
        .set(ActiveModel { status: Set(MailStatus::Withdrawn), ..Default::default() })
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Status.ne(MailStatus::Sent));
    if let Some(except) = except {
        update = update.filter(Column::Recipient.ne(except.clone()));
    }
    update.exec(tx).await?;
    Ok(())
}

/// Limits the mails that a customer can request.
///
/// # Errors
/// [`Error::RateLimited`] after five mails of this kind within an hour.
pub(super) async fn check_mail_limit(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> TxResult<()> {
    if count_last_hour(ctx, tx, kind, customer_id).await? >= MAX_PER_HOUR {
        return Err(Error::RateLimited { retry_after: 3600 }.into());
    }
    Ok(())
}

/// Counts the mails of one kind that were enqueued for a customer within the last hour.
async fn count_last_hour(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> TxResult<u64> {
    let clock = &ctx.app.clock;
    let select = Entity::find()
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::CreatedAt.gt(clock.now() - TimeDelta::hours(1)))
        .filter(Column::CreatedAt.lte(clock.latest(TimeDelta::zero())));
    Ok(select.count(tx).await?)
}

/// Claims due mails. No other worker gets them until the lease ends. A mail that must not be sent is deleted, for
/// example because no customer has the address or nothing is left to verify.
pub async fn claim(ctx: &AdminCtx) -> Result<Vec<ClaimedMail>> {
    // Usually there is none. Checked without a transaction, because one on SQLite blocks other writers.
    let due = due(&ctx.app.clock).order_by_asc(Column::NextAttemptAt).limit(BATCH);
    let due = due.all(ctx.app.db.reader()).await?;
    let mut outgoing = Vec::new();
    for mail in due {
        outgoing.extend(transact!(ctx.app.db, |tx| { claim_one(ctx, tx, &mail).await })?);
    }
    Ok(outgoing)
}

fn due(clock: &Clock) -> Select<Entity> {
    let pending = Entity::find().filter(Column::Status.eq(MailStatus::Pending));
    pending.filter(queue::is_attempt_due(Column::NextAttemptAt, clock, MAX_POSTPONEMENT))
}

/// Claims one mail, if no other worker has claimed it. Lock order: the customer, then the mail, as in changes of the
/// customer. So a change that invalidates links also finds the link that is created here, and the two can't deadlock.
async fn claim_one(ctx: &Ctx, tx: &impl ConnectionTrait, mail: &Model) -> TxResult<Option<ClaimedMail>> {
    let customer = match mail.customer_id {
        Some(id) => customer::Entity::find_by_id(id),
        None => customer::Entity::find_by_address(&mail.recipient),
    };
    let customer = customer.lock_shared().one(tx).await?;
    let now = ctx.app.clock.now();
    let select = due(&ctx.app.clock).filter(Column::MailId.eq(mail.mail_id));
    let select = select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let Some(mail) = select.one(tx).await? else {
        return Ok(None);
    };
    if now >= mail.give_up_at {
        // Every worker that claimed it crashed.
        tracing::error!(mail = %mail.uuid, kind = %mail.kind, attempts = mail.attempts, "mail failed permanently");
        ctx.app.metrics.worker.given_up(Queue::Mail);
        let mut row = mail.into_active_model();
        row.status = Set(MailStatus::Failed);
        row.update(tx).await?;
        return Ok(None);
    }
    let prepared = match &customer {
        Some(customer) => prepare(ctx, tx, &mail, customer).await?,
        None => None,
    };
    let (Some(customer), Some(variables)) = (customer, prepared) else {
        mail.delete(tx).await?;
        return Ok(None);
    };
    let (attempts, give_up_at) = (mail.attempts + 1, mail.give_up_at);
    let mut row = mail.into_active_model();
    if row.customer_id == Unchanged(None) {
        // An anonymous caller may have requested it. It is sent to the address in the customer's spelling.
        row.recipient = Set(customer.email.clone());
    }
    row.customer_id = Set(Some(customer.customer_id));
    row.attempts = Set(attempts);
    row.next_attempt_at = Set(now + LEASE);
    if give_up_at > ctx.app.clock.latest(RETRY_PERIOD) {
        row.give_up_at = Set(now + RETRY_PERIOD);
    }
    Ok(Some(ClaimedMail { mail: row.update(tx).await?, variables }))
}

/// Prepares the variables of a mail, and creates the token of its link. Returns `None` if the mail must not be sent.
async fn prepare(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    mail: &Model,
    customer: &customer::Model,
) -> TxResult<Option<Variables>> {
    let config = &ctx.app.config.accounts;
    let is_verified = customer.email_verified_at.is_some() && customer.email.key() == mail.recipient.key();
    let mut variables = Variables {
        full_name: greeting::greeting_name(&customer.full_name, is_verified),
        recipient: greeting::displayed_address(&mail.recipient),
        time: mail.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
        public_url: ctx.app.public_url(),
        ..Variables::default()
    };
    match mail.kind {
        MailKind::VerifyEmail => {
            if !customer.status.is_enabled() || !customer.can_confirm(&mail.recipient) {
                return Ok(None);
            }
            let token =
                mailed_token::create_for_verification(ctx, tx, customer.customer_id, &mail.recipient).await?;
            variables.link = link(&variables.public_url, "verify-email", &token);
            variables.lifetime = lifetime(config.verify_email_expiry);
        }
        MailKind::ResetPassword => {
            // Only to the current address of the account, not to the address at the time of the request.
            if !customer.status.is_enabled() || customer.email.key() != mail.recipient.key() {
                return Ok(None);
            }
            // Anonymous callers request it, so the limit applies here. In the response it would reveal the customer.
            let count = count_last_hour(ctx, tx, MailKind::ResetPassword, customer.customer_id).await?;
            if mail.customer_id.is_none() && count >= MAX_PER_HOUR {
                return Ok(None);
            }
            let token = mailed_token::create_for_reset(ctx, tx, customer.customer_id).await?;
            variables.link = link(&variables.public_url, "reset-password", &token);
            variables.lifetime = lifetime(config.reset_password_expiry);
        }
        MailKind::PasswordChanged | MailKind::EmailChangeRequested | MailKind::EmailChanged => {}
    }
    Ok(Some(variables))
}

/// Puts the token in the fragment. Browsers do not send fragments, so the token gets into no log and no `Referer`.
fn link(public_url: &str, page: &str, token: &SecretString) -> String {
    format!("{public_url}/account/{page}#token={}", token.expose_secret())
}

/// Formats the lifetime of a link: `1 hour`, `90 minutes`.
fn lifetime(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    let (count, unit) = if minutes.is_multiple_of(60) { (minutes / 60, "hour") } else { (minutes, "minute") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Records the result of an attempt: sent, to be retried, or failed permanently. Does nothing if the mail was deleted
/// or another worker has claimed it since.
pub async fn record_result(
    ctx: &AdminCtx,
    mail: &Model,
    outcome: std::result::Result<(), SendError>,
) -> Result<()> {
    let (now, metrics) = (ctx.app.clock.now(), &ctx.app.metrics.worker);
    let mut row = ActiveModel { ..Default::default() };
    match outcome {
        Ok(()) => {
            metrics.sent(Queue::Mail);
            row.status = Set(MailStatus::Sent);
            row.sent_at = Set(Some(now));
            row.last_error = Set(None);
        }
        Err(error) => {
            let next = now + ctx.app.random.jitter(backoff(mail.attempts));
            row.last_error = Set(queue::stored_error(&error.reason));
            let (uuid, kind, attempts) = (mail.uuid, mail.kind, mail.attempts);
            if error.is_final || next >= mail.give_up_at {
                row.status = Set(MailStatus::Failed);
                metrics.given_up(Queue::Mail);
                tracing::error!(mail = %uuid, %kind, attempts, reason = error.reason, "mail failed permanently");
            } else {
                row.next_attempt_at = Set(next);
                metrics.postponed(Queue::Mail);
                tracing::warn!(mail = %uuid, %kind, attempts, reason = error.reason, "mail failed, will retry");
            }
        }
    }
    transact!(ctx.app.db, |tx| {
        // The mail may have been deleted with its customer, or claimed by another worker after the end of the lease.
        let update = Entity::update_many().set(row.clone()).filter(Column::MailId.eq(mail.mail_id));
        let update =
            update.filter(Column::Attempts.eq(mail.attempts)).filter(Column::Status.ne(MailStatus::Sent));
        update.exec(tx).await?;
        Ok(())
    })
}

/// The backoff after this number of attempts, without [jitter](crate::random::Random::jitter): a minute, doubled by
/// each attempt, up to an hour.
fn backoff(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(6);
    TimeDelta::minutes(1 << doublings).min(TimeDelta::hours(1))
}

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

/// The number of due mails, the time of the oldest, and the number of mails that failed permanently.
pub(super) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let (db, clock) = (ctx.app.db.reader(), &ctx.app.clock);
    let due = due(clock).count(db).await?;
    let given_up = Entity::find().filter(Column::Status.eq(MailStatus::Failed)).count(db).await?;
    let oldest = self::due(clock).order_by_asc(Column::NextAttemptAt).one(db).await?;
    Ok(Backlog { due, oldest: oldest.map(|mail| mail.next_attempt_at), given_up })
}

/// The latest creation time of mails whose retention has ended. Pending mails are excepted.
pub(super) fn retention_cutoff(ctx: &Ctx) -> DateTime<Utc> {
    ctx.app.clock.now() - RETENTION
}
