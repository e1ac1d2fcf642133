//! Mails: written in the transaction of their cause, sent later by the worker, tried again until they are a day old.
//!
//! A row says what is to be told to whom, and holds no secret: the token in a link is made when the mail is sent,
//! and only its hash is stored. Whoever reads the database, or a backup of it, finds no link that works. A mail
//! that is tried again has another token each time; all of them work, until one is used.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::clock::Clock;
use crate::db::TxResult;
use crate::entity::mail::{ActiveModel, Column, Entity, Model};
use crate::entity::{customer, reset_password_token, verify_email_token};
use crate::error::{Error, Result};
use crate::outbound::mailer::{SendError, Variables};
use crate::service::{greeting, secret};
use crate::telemetry::metrics::{Backlog, Queue};
use crate::transact;
use crate::types::{EmailAddress, MailKind, MailStatus};

/// How long a mail is tried.
const GIVEN_UP: TimeDelta = TimeDelta::days(1);
/// How long whoever claimed a mail has to send it, before somebody else may.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// The furthest ahead that an attempt is ever put off: more than the longest pause.
const FURTHEST: TimeDelta = TimeDelta::hours(2);
/// The most mails that are claimed at once.
const BATCH: u64 = 10;
/// The most mails of one kind that a customer is sent on request within an hour.
const MAX_PER_HOUR: u64 = 5;
/// How long mails that were sent, or given up, are kept for whoever asks what became of them.
const KEPT: TimeDelta = TimeDelta::days(30);
/// The longest error that is kept, in characters.
const MAX_ERROR: usize = 500;

/// A mail on its way: the worker renders it and sends it.
pub struct Outgoing {
    /// The row.
    pub mail: Model,
    /// What its template says.
    pub variables: Variables,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("mail", &self.mail.uuid).finish_non_exhaustive()
    }
}

/// Writes a mail, in the transaction of what causes it.
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
        give_up_at: Set(now + GIVEN_UP),
        ..Default::default()
    };
    Entity::insert(mail).exec_without_returning(tx).await?;
    Ok(())
}

/// Has the mails of one kind that were not sent to a customer never be sent: something newer has overtaken them. Those
/// to the address `kept` stay.
pub(super) async fn withdraw(
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
    kept: Option<&EmailAddress>,
) -> TxResult<()> {
    let mut waiting = Entity::update_many()
        .set(ActiveModel { status: Set(MailStatus::Withdrawn), ..Default::default() })
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Status.ne(MailStatus::Sent));
    if let Some(kept) = kept {
        waiting = waiting.filter(Column::Recipient.ne(kept.clone()));
    }
    waiting.exec(tx).await?;
    Ok(())
}

/// Lets a customer ask for a mail that it has not asked for too often.
///
/// # Errors
/// [`Error::RateLimited`] after five of that kind within an hour.
pub(super) async fn ensure_not_too_many(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> TxResult<()> {
    if written_lately(ctx, tx, kind, customer_id).await? >= MAX_PER_HOUR {
        return Err(Error::RateLimited { retry_after: 3600 }.into());
    }
    Ok(())
}

/// How many mails of one kind were written for a customer within the last hour.
async fn written_lately(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> TxResult<u64> {
    let clock = &ctx.app.clock;
    let written = Entity::find()
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::CreatedAt.gt(clock.now() - TimeDelta::hours(1)))
        .filter(Column::CreatedAt.lte(clock.latest(TimeDelta::zero())));
    Ok(written.count(tx).await?)
}

/// Takes mails that are due; nobody else gets them until the lease is over. Those that nobody is to get (nobody has
/// the address, nothing is left to confirm) are dropped. Empty when there is nothing to do.
///
/// # Errors
/// Those of the database.
pub async fn claim(ctx: &Ctx) -> Result<Vec<Outgoing>> {
    ctx.require_admin()?;
    // Mostly there is none: that is found out without a transaction, which on SQLite keeps others from writing.
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
    let next = Column::NextAttemptAt;
    pending.filter(Condition::any().add(next.lte(clock.now())).add(next.gt(clock.latest(FURTHEST))))
}

/// Takes one mail, if nobody else has. The customer is locked first, as by whoever changes it: a link that is made
/// here is seen by the change that ends it, and the two don't wait for each other.
async fn claim_one(ctx: &Ctx, tx: &impl ConnectionTrait, mail: &Model) -> TxResult<Option<Outgoing>> {
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
        // Whoever took it died each time.
        tracing::error!(mail = %mail.uuid, kind = %mail.kind, attempts = mail.attempts, "a mail is given up");
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
        // Anybody may have asked for it: it goes to the address as the customer spells it.
        row.recipient = Set(customer.email.clone());
    }
    row.customer_id = Set(Some(customer.customer_id));
    row.attempts = Set(attempts);
    row.next_attempt_at = Set(now + LEASE);
    if give_up_at > ctx.app.clock.latest(GIVEN_UP) {
        row.give_up_at = Set(now + GIVEN_UP);
    }
    Ok(Some(Outgoing { mail: row.update(tx).await?, variables }))
}

/// What a mail says; none when there is nothing to say any more.
async fn prepare(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    mail: &Model,
    customer: &customer::Model,
) -> TxResult<Option<Variables>> {
    let (app, config) = (&ctx.app, &ctx.app.config.accounts);
    let is_verified = customer.email_verified_at.is_some() && customer.email.key() == mail.recipient.key();
    let mut variables = Variables {
        full_name: greeting::greeted(&customer.full_name, is_verified),
        recipient: greeting::shown(&mail.recipient),
        time: mail.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
        public_url: app.public_url(),
        ..Variables::default()
    };
    match mail.kind {
        MailKind::VerifyEmail => {
            if !customer.status.is_enabled() || !customer.may_confirm(&mail.recipient) {
                return Ok(None);
            }
            let token = secret::token(&app.random);
            let row = verify_email_token::ActiveModel {
                customer_id: Set(customer.customer_id),
                email: Set(mail.recipient.clone()),
                token: Set(secret::token_hash(&token)),
                created_at: Set(app.clock.now()),
                ..Default::default()
            };
            verify_email_token::Entity::insert(row).exec_without_returning(tx).await?;
            variables.link = link(&variables.public_url, "verify-email", &token);
            variables.lifetime = lifetime(config.verify_email_expiry);
        }
        MailKind::ResetPassword => {
            // To the address that the account has, not to one that it had when somebody asked.
            if !customer.status.is_enabled() || customer.email.key() != mail.recipient.key() {
                return Ok(None);
            }
            // Asked for by whoever knows the address, so the limit is kept here, where nobody sees it.
            let lately = written_lately(ctx, tx, MailKind::ResetPassword, customer.customer_id).await?;
            if mail.customer_id.is_none() && lately >= MAX_PER_HOUR {
                return Ok(None);
            }
            let token = secret::token(&app.random);
            let row = reset_password_token::ActiveModel {
                customer_id: Set(customer.customer_id),
                token: Set(secret::token_hash(&token)),
                created_at: Set(app.clock.now()),
                ..Default::default()
            };
            reset_password_token::Entity::insert(row).exec_without_returning(tx).await?;
            variables.link = link(&variables.public_url, "reset-password", &token);
            variables.lifetime = lifetime(config.reset_password_expiry);
        }
        MailKind::PasswordChanged | MailKind::EmailChangeRequested | MailKind::EmailChanged => {}
    }
    Ok(Some(variables))
}

/// The token is in the fragment, which no browser sends to a server: it gets into no log and no `Referer`.
fn link(public_url: &str, page: &str, token: &SecretString) -> String {
    format!("{public_url}/account/{page}#token={}", token.expose_secret())
}

/// `1 hour`, `90 minutes`.
fn lifetime(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    let (count, unit) = if minutes.is_multiple_of(60) { (minutes / 60, "hour") } else { (minutes, "minute") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Notes what became of a mail that was claimed.
///
/// # Errors
/// Those of the database.
pub async fn record_result(
    ctx: &Ctx,
    mail: &Model,
    outcome: std::result::Result<(), SendError>,
) -> Result<()> {
    ctx.require_admin()?;
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
            let next = now + ctx.app.random.jitter(pause(mail.attempts));
            row.last_error = Set(Some(error.reason.chars().take(MAX_ERROR).collect()));
            let (uuid, kind, attempts) = (mail.uuid, mail.kind, mail.attempts);
            if error.is_final || next >= mail.give_up_at {
                row.status = Set(MailStatus::Failed);
                metrics.given_up(Queue::Mail);
                tracing::error!(mail = %uuid, %kind, attempts, reason = error.reason, "a mail is given up");
            } else {
                row.next_attempt_at = Set(next);
                metrics.postponed(Queue::Mail);
                tracing::warn!(mail = %uuid, %kind, attempts, reason = error.reason, "a mail waits to be tried again");
            }
        }
    }
    transact!(ctx.app.db, |tx| {
        // While it was being sent it may have gone with its customer, or be somebody else's since the lease ended.
        let update = Entity::update_many().set(row.clone()).filter(Column::MailId.eq(mail.mail_id));
        let own =
            update.filter(Column::Attempts.eq(mail.attempts)).filter(Column::Status.ne(MailStatus::Sent));
        own.exec(tx).await?;
        Ok(())
    })
}

/// How long a mail waits after so many attempts, before [jitter](crate::random::Random::jitter): a minute, doubled by
/// each, up to an hour.
fn pause(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(6);
    TimeDelta::minutes(1 << doublings).min(TimeDelta::hours(1))
}

/// The mails, oldest first; all, or those that are so far.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx, status: Option<MailStatus>) -> Result<Vec<Model>> {
    ctx.require_admin()?;
    let mut select = Entity::find().order_by_asc(Column::MailId);
    if let Some(status) = status {
        select = select.filter(Column::Status.eq(status));
    }
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// Tries a mail that was not sent again, at once and for another day; without an id, all that were given up. Tells
/// how many.
///
/// # Errors
/// [`Error::NotFound`] for an id that no mail has, [`Error::Conflict`] for a mail that was sent.
pub async fn retry(ctx: &Ctx, id: Option<Uuid>) -> Result<u64> {
    ctx.require_admin()?;
    let now = ctx.app.clock.now();
    transact!(ctx.app.db, |tx| {
        let mut update = Entity::update_many().set(ActiveModel {
            status: Set(MailStatus::Pending),
            attempts: Set(0),
            next_attempt_at: Set(now),
            give_up_at: Set(now + GIVEN_UP),
            ..Default::default()
        });
        update = match id {
            None => update.filter(Column::Status.eq(MailStatus::Failed)),
            Some(id) => {
                let mail = Entity::find().filter(Column::Uuid.eq(id)).one(tx).await?;
                let mail = mail.ok_or(Error::NotFound("Mail"))?;
                match mail.status {
                    MailStatus::Pending | MailStatus::Failed => {}
                    MailStatus::Sent => return Err(Error::conflict("The mail was sent").into()),
                    MailStatus::Withdrawn => {
                        return Err(Error::conflict("Something newer has overtaken the mail").into());
                    }
                }
                update.filter(Column::MailId.eq(mail.mail_id))
            }
        };
        Ok(update.exec(tx).await?.rows_affected)
    })
}

/// How many mails wait, since when, and how many were given up.
pub(super) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let (db, clock) = (ctx.app.db.reader(), &ctx.app.clock);
    let due = due(clock).count(db).await?;
    let given_up = Entity::find().filter(Column::Status.eq(MailStatus::Failed)).count(db).await?;
    let oldest = self::due(clock).order_by_asc(Column::NextAttemptAt).one(db).await?;
    Ok(Backlog { due, oldest: oldest.map(|mail| mail.next_attempt_at), given_up })
}

/// Mails that were written up to then, and are not to be sent any more, are forgotten.
pub(super) fn forgotten_since(ctx: &Ctx) -> DateTime<Utc> {
    ctx.app.clock.now() - KEPT
}
