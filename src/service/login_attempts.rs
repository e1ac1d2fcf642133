//! Rate limits against password guessing: per account, and per network address.
//!
//! Attempts are counted in the database, so that all instances share them. A wrong password blocks an account for 1 s,
//! and each further one twice as long, up to 15 minutes. A correct password, or 12 hours without a wrong one, resets
//! the count. Unknown e-mail addresses are counted as well; otherwise the latency would reveal which customers exist.
//! Token refresh and password reset are not limited by account, so an attacker can't lock out a customer who is logged
//! in or reads the mail.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::app::ctx::Ctx;
use crate::crypto::digest::sha256_hex;
use crate::db::TxResult;
use crate::entity::throttle::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::transact;
use crate::types::{Audience, rate_limit_key};

/// The maximum time that an account is blocked.
const MAX_BLOCK: TimeDelta = TimeDelta::minutes(15);
/// The time without a wrong password after which the count is reset.
const RESET_AFTER: TimeDelta = TimeDelta::hours(12);
/// The time window in which the failures of a network address are counted.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// The login attempts at one account from one network address.
#[derive(Debug)]
pub(super) struct LoginAttempts {
    account: String,
    address: Option<String>,
}

/// The key of the counter for the network address of a request. Each purpose has a separate counter: failed logins of
/// customers must not block admins with the same address. `None` for commands and jobs.
fn address_key(ctx: &Ctx, purpose: &str) -> Option<String> {
    Some(format!("address:{purpose}:{}", rate_limit_key(ctx.ip?)))
}

impl LoginAttempts {
    /// The attempts at a login. `email` is the key by which the account is found.
    pub(super) fn at_login(ctx: &Ctx, audience: Audience, email: &str) -> Self {
        Self { account: login_key(audience, email), address: address_key(ctx, audience.name()) }
    }

    /// The attempts of a logged-in customer or admin to confirm its password. They have a separate counter and no network
    /// address, so that failed logins of an attacker do not block the owner.
    pub(super) fn for_confirmation(audience: Audience, id: i32) -> Self {
        let account = match audience {
            Audience::Customer => format!("inside:{id}"),
            Audience::Admin => format!("inside:admin:{id}"),
        };
        Self { account, address: None }
    }

    /// The attempts of an admin to sign in with a code of its second factor, after the right password. They have a separate
    /// counter, because the right password resets that of the password.
    pub(super) fn of_code_at_login(ctx: &Ctx, admin_user_id: i32) -> Self {
        let address = address_key(ctx, Audience::Admin.name());
        Self { account: format!("code:admin:{admin_user_id}"), address }
    }

    /// The attempts of a signed-in admin to confirm who it is with a code of its second factor.
    pub(super) fn of_code_inside(admin_user_id: i32) -> Self {
        Self { account: format!("inside:code:{admin_user_id}"), address: None }
    }

    /// Checks the limit of the network address.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many failed attempts.
    pub(super) async fn check_address(&self, ctx: &Ctx) -> Result<()> {
        let limit = ctx.app.config.accounts.failures_per_address;
        check_blocked(ctx, self.address.as_deref(), limit).await
    }

    /// The seconds until the account is no longer blocked, or `None` if it is not blocked.
    async fn seconds_blocked(&self, ctx: &Ctx) -> Result<Option<u32>> {
        let clock = &ctx.app.clock;
        let row = Entity::find_by_id(self.account.as_str()).one(ctx.app.db.reader()).await?;
        Ok(row
            .and_then(|row| row.blocked_until)
            .filter(|until| clock.is_pending(*until, MAX_BLOCK))
            .map(|until| seconds(until - clock.now())))
    }

    /// Checks that the account is not blocked, for an owner who may know it.
    ///
    /// # Errors
    /// [`Error::RateLimited`] while it is blocked.
    pub(super) async fn check_account(&self, ctx: &Ctx) -> Result<()> {
        match self.seconds_blocked(ctx).await? {
            Some(retry_after) => Err(Error::RateLimited { retry_after }),
            None => Ok(()),
        }
    }

    /// Records an attempt and returns whether it is accepted: the password is correct and the account is not blocked.
    ///
    /// The block is checked here, under a lock and after the hashing. So of several concurrent attempts, those after
    /// the first wrong one are rejected and do not extend the block. Every rejected attempt runs the same statements,
    /// whether the account exists or not.
    pub(super) async fn record_attempt(
        &self,
        ctx: &Ctx,
        tx: &impl ConnectionTrait,
        is_correct: bool,
    ) -> TxResult<bool> {
        if !ctx.app.config.accounts.rate_limits {
            return Ok(is_correct);
        }
        let now = ctx.app.clock.now();
        let row = lock(tx, &self.account, now).await?;
        let is_blocked = row.blocked_until.is_some_and(|until| ctx.app.clock.is_pending(until, MAX_BLOCK));
        if is_correct && !is_blocked {
            Entity::delete_by_id(self.account.as_str()).exec(tx).await?;
            return Ok(true);
        }
        let mut next = row.clone().into_active_model();
        next.updated_at = Set(row.updated_at);
        if !is_blocked {
            let count = if now - row.updated_at >= RESET_AFTER { 1 } else { row.count.saturating_add(1) };
            next.count = Set(count);
            next.updated_at = Set(now);
            next.blocked_until = Set(Some(now + block_duration(count)));
        }
        next.update(tx).await?;
        count_failure(ctx, tx, self.address.as_deref()).await?;
        Ok(false)
    }
}

/// The key of an account's counter. It contains a hash, because most of the attempted addresses do not belong to a
/// customer and must not be stored.
fn login_key(audience: Audience, email: &str) -> String {
    format!("{}:{}", audience.name(), sha256_hex(email))
}

/// Resets the count of wrong passwords of an account. Lock order: call it before the account's row is locked, as at a
/// login; otherwise two transactions could deadlock.
pub(super) async fn reset_failures(
    tx: &impl ConnectionTrait,
    audience: Audience,
    email: &str,
) -> TxResult<()> {
    Entity::delete_by_id(login_key(audience, email)).exec(tx).await?;
    Ok(())
}

/// As [`reset_failures`], for several accounts with one statement.
pub(super) async fn reset_failures_of(
    tx: &impl ConnectionTrait,
    audience: Audience,
    emails: impl IntoIterator<Item = String>,
) -> TxResult<()> {
    let keys = emails.into_iter().map(|email| login_key(audience, &email));
    Entity::delete_many().filter(Column::Key.is_in(keys)).exec(tx).await?;
    Ok(())
}

/// Resets the count of wrong codes of an admin's second factor. Lock order: call it after the admin's row is locked, as at a
/// login.
pub(super) async fn reset_wrong_codes(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<()> {
    for key in [format!("code:admin:{admin_user_id}"), format!("inside:code:{admin_user_id}")] {
        Entity::delete_by_id(key).exec(tx).await?;
    }
    Ok(())
}

/// Counts a request for a password reset mail, whatever its outcome.
///
/// # Errors
/// [`Error::RateLimited`] after too many requests from the network address.
pub(super) async fn count_request(ctx: &Ctx) -> Result<()> {
    count(ctx, "mail", ctx.app.config.accounts.failures_per_address).await
}

/// Counts a registration, whatever its outcome. The limit keeps a client from filling the database, and from testing
/// many e-mail addresses for existing customers. Admins are not limited.
///
/// # Errors
/// [`Error::RateLimited`] after too many registrations from the network address.
pub(super) async fn count_registration(ctx: &Ctx) -> Result<()> {
    if ctx.is_admin() {
        return Ok(());
    }
    count(ctx, "register", ctx.app.config.accounts.registrations_per_address).await
}

async fn count(ctx: &Ctx, purpose: &str, limit: u32) -> Result<()> {
    let address = address_key(ctx, purpose);
    check_blocked(ctx, address.as_deref(), limit).await?;
    if !ctx.app.config.accounts.rate_limits || address.is_none() {
        return Ok(());
    }
    transact!(ctx.app.db, |tx| { count_failure(ctx, tx, address.as_deref()).await })
}

/// Counters that were last updated at this time or before have no effect and can be deleted.
pub(super) fn retention_cutoff(ctx: &Ctx) -> DateTime<Utc> {
    ctx.app.clock.now() - RESET_AFTER
}

async fn check_blocked(ctx: &Ctx, address: Option<&str>, limit: u32) -> Result<()> {
    let Some(address) = address.filter(|_| ctx.app.config.accounts.rate_limits) else {
        return Ok(());
    };
    let clock = &ctx.app.clock;
    match Entity::find_by_id(address).one(ctx.app.db.reader()).await? {
        Some(row) if clock.is_pending(row.since + WINDOW, WINDOW) && row.count.unsigned_abs() >= limit => {
            Err(Error::RateLimited { retry_after: seconds(row.since + WINDOW - clock.now()) })
        }
        _ => Ok(()),
    }
}

async fn count_failure(ctx: &Ctx, tx: &impl ConnectionTrait, address: Option<&str>) -> TxResult<()> {
    let Some(address) = address else {
        return Ok(());
    };
    let now = ctx.app.clock.now();
    let row = lock(tx, address, now).await?;
    let is_new_window = !ctx.app.clock.is_pending(row.since + WINDOW, WINDOW);
    let mut next = row.clone().into_active_model();
    next.count = Set(if is_new_window { 1 } else { row.count.saturating_add(1) });
    next.since = Set(if is_new_window { now } else { row.since });
    next.updated_at = Set(now);
    next.update(tx).await?;
    Ok(())
}

/// Locks the row of a key. Inserts it if there is none. It is one statement, which changes nothing of an existing row.
async fn lock(tx: &impl ConnectionTrait, key: &str, now: DateTime<Utc>) -> TxResult<Model> {
    let row = ActiveModel {
        key: Set(key.to_owned()),
        count: Set(0),
        since: Set(now),
        updated_at: Set(now),
        blocked_until: Set(None),
    };
    let existing = OnConflict::column(Column::Key).update_column(Column::Key).to_owned();
    Ok(Entity::insert(row).on_conflict(existing).exec_with_returning(tx).await?)
}

/// How long an account is blocked after this number of wrong passwords: 1 s, doubled by each, up to 15 minutes.
fn block_duration(count: i32) -> TimeDelta {
    let doublings = u32::try_from(count - 1).unwrap_or_default().min(10);
    TimeDelta::seconds(1 << doublings).min(MAX_BLOCK)
}

/// The whole seconds of a duration, rounded up, at least 1.
fn seconds(duration: TimeDelta) -> u32 {
    u32::try_from((duration.num_milliseconds() + 999) / 1000).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::{TimeDelta, block_duration};

    #[test]
    fn the_block_of_an_account_doubles_up_to_15_minutes() {
        let seconds: Vec<i64> = (1..=12).map(|count| block_duration(count).num_seconds()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(block_duration(i32::MAX), TimeDelta::minutes(15));
    }
}
