//! Mails: written in the transaction of their cause, sent later by the worker, tried again until they are a day old.
//!
//! A row says what is to be told to whom, and holds no secret: the token in a link is made when the mail is sent,
//! and only its hash is stored. Whoever reads the database, or a backup of it, finds no link that works. A mail
//! that is tried again has another token each time; all of them work, until one is used.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::db::Attempt;
use crate::entity::mail::{ActiveModel, Column, Entity, Model};
use crate::entity::{customer, reset_password_token, verify_email_token};
use crate::error::{Error, Result};
use crate::mailer::{SendError, Variables};
use crate::service::secret;
use crate::transact;
use crate::types::{EmailAddress, MailKind, MailStatus};

/// How long a mail is tried.
const GIVEN_UP: TimeDelta = TimeDelta::days(1);
/// How long whoever claimed a mail has to send it, before somebody else may.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// The most mails that are claimed at once.
const BATCH: u64 = 10;
/// The most mails of one kind that a customer is sent on request within an hour.
pub(super) const MAX_PER_HOUR: u64 = 5;
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
) -> Attempt<()> {
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

/// Forgets the mails of one kind that wait to be sent to a customer: something newer has overtaken them.
pub(super) async fn withdraw(tx: &impl ConnectionTrait, kind: MailKind, customer_id: i32) -> Attempt<()> {
    let waiting = Entity::delete_many()
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Status.eq(MailStatus::Pending));
    waiting.exec(tx).await?;
    Ok(())
}

/// How many mails of one kind were written for a customer within the last hour.
pub(super) async fn written_lately(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> Attempt<u64> {
    let hour_ago = ctx.app.clock.now() - TimeDelta::hours(1);
    let written = Entity::find()
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::CreatedAt.gt(hour_ago));
    Ok(written.count(tx).await?)
}

/// Takes mails that are due; nobody else gets them until the lease is over. Those that nobody is to get (nobody has
/// the address, nothing is left to confirm) are dropped. Empty when there is nothing to do.
///
/// # Errors
/// Those of the database.
pub async fn claim(ctx: &Ctx) -> Result<Vec<Outgoing>> {
    ctx.require_admin()?;
    let db = &ctx.app.db;
    let now = ctx.app.clock.now();
    let due = || {
        let pending = Entity::find().filter(Column::Status.eq(MailStatus::Pending));
        pending.filter(Column::NextAttemptAt.lte(now)).order_by_asc(Column::NextAttemptAt).limit(BATCH)
    };
    // Mostly there is none: that is found out without a transaction, which on SQLite keeps others from writing.
    if due().one(db.reader()).await?.is_none() {
        return Ok(Vec::new());
    }
    transact!(db, |tx| {
        // Each instance takes others than those another is about to take.
        let rows = due().lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).all(tx).await?;
        let mut outgoing = Vec::new();
        for row in rows {
            let Some((customer_id, variables)) = prepare(ctx, tx, &row).await? else {
                row.delete(tx).await?;
                continue;
            };
            let attempts = row.attempts + 1;
            let mut row = row.into_active_model();
            row.customer_id = Set(Some(customer_id));
            row.attempts = Set(attempts);
            row.next_attempt_at = Set(now + LEASE);
            outgoing.push(Outgoing { mail: row.update(tx).await?, variables });
        }
        Ok(outgoing)
    })
}

/// What a mail says, to which customer; none when there is nothing to say to anybody.
async fn prepare(ctx: &Ctx, tx: &impl ConnectionTrait, mail: &Model) -> Attempt<Option<(i32, Variables)>> {
    let customer = match mail.customer_id {
        Some(id) => customer::Entity::find_by_id(id).one(tx).await?,
        None => customer::Entity::find_by_address(&mail.recipient, ctx.app.db.backend()).one(tx).await?,
    };
    let Some(customer) = customer.filter(|customer| customer.status == 1) else {
        return Ok(None);
    };
    let (app, config) = (&ctx.app, &ctx.app.config.accounts);
    let mut variables = Variables {
        full_name: customer.full_name.clone(),
        recipient: mail.recipient.as_str().to_owned(),
        time: mail.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
        public_url: app.public_url(),
        ..Variables::default()
    };
    match mail.kind {
        MailKind::VerifyEmail => {
            if !customer.may_confirm(&mail.recipient) {
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
        MailKind::PasswordChanged | MailKind::EmailChanged => {}
    }
    Ok(Some((customer.customer_id, variables)))
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
pub async fn settle(ctx: &Ctx, mail: &Model, outcome: std::result::Result<(), SendError>) -> Result<()> {
    ctx.require_admin()?;
    let now = ctx.app.clock.now();
    let mut row = ActiveModel { mail_id: Set(mail.mail_id), ..Default::default() };
    match outcome {
        Ok(()) => {
            row.status = Set(MailStatus::Sent);
            row.sent_at = Set(Some(now));
            row.last_error = Set(None);
        }
        Err(error) => {
            let next = now + pause(mail.attempts);
            row.last_error = Set(Some(error.reason.chars().take(MAX_ERROR).collect()));
            let (uuid, kind, attempts) = (mail.uuid, mail.kind, mail.attempts);
            if error.is_final || next >= mail.give_up_at {
                row.status = Set(MailStatus::Failed);
                tracing::error!(mail = %uuid, %kind, attempts, reason = error.reason, "a mail is given up");
            } else {
                row.next_attempt_at = Set(next);
                tracing::warn!(mail = %uuid, %kind, attempts, reason = error.reason, "a mail waits to be tried again");
            }
        }
    }
    transact!(ctx.app.db, |tx| {
        // Gone with its customer, perhaps, while it was being sent.
        let update = Entity::update_many().set(row.clone()).filter(Column::MailId.eq(mail.mail_id));
        update.exec(tx).await?;
        Ok(())
    })
}

/// How long a mail waits after so many attempts: a minute, doubled by each, up to an hour.
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
            next_attempt_at: Set(now),
            give_up_at: Set(now + GIVEN_UP),
            ..Default::default()
        });
        update = match id {
            None => update.filter(Column::Status.eq(MailStatus::Failed)),
            Some(id) => {
                let mail = Entity::find().filter(Column::Uuid.eq(id)).one(tx).await?;
                let mail = mail.ok_or(Error::NotFound("Mail"))?;
                if mail.status == MailStatus::Sent {
                    return Err(Error::conflict("The mail was sent").into());
                }
                update.filter(Column::MailId.eq(mail.mail_id))
            }
        };
        Ok(update.exec(tx).await?.rows_affected)
    })
}

/// Forgets mails that were sent or given up long ago.
pub(super) async fn clean_up(ctx: &Ctx, tx: &impl ConnectionTrait) -> Attempt<u64> {
    let old = Entity::delete_many()
        .filter(Column::Status.ne(MailStatus::Pending))
        .filter(Column::CreatedAt.lt(ctx.app.clock.now() - KEPT));
    Ok(old.exec(tx).await?.rows_affected)
}
