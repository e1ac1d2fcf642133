//! Slowing down whoever attempts: passwords of one account, and anything from one network address.
//!
//! What was tried is counted in the database, so that several instances agree. An account is refused for 1 s after
//! a wrong password, and for twice as long after each further one, up to 15 minutes; a right one, or 12 hours
//! without a wrong one, are forgotten. Addresses that nobody has are counted as well: otherwise the time it takes
//! would tell who is a customer. Refreshing a token is not slowed down, nor is setting a password by a mailed link,
//! which logs in: nobody can be locked out by others' guesses who is logged in or reads the mail.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::throttle::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::secret;
use crate::transact;
use crate::types::rate_limit_key;

/// The longest that an account is refused.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// After that long without a wrong password the wrong ones are forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::hours(12);
/// Within this time the failures of a network address are counted together.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// The guesses at one account's password, from one network address.
#[derive(Debug)]
pub(super) struct LoginAttempts {
    account: String,
    address: Option<String>,
}

/// Where to count what comes from the network address of a request, each thing apart: who guesses at customers'
/// passwords must not keep admins behind the same address out. None for commands and jobs.
fn address_key(ctx: &Ctx, what: &str) -> Option<String> {
    Some(format!("address:{what}:{}", rate_limit_key(ctx.ip?)))
}

impl LoginAttempts {
    /// LoginAttempts at the password of a login: `audience` is `admin` or `customer`, `email` as the account is looked up.
    pub(super) fn at_login(ctx: &Ctx, audience: &str, email: &str) -> Self {
        Self { account: login_key(audience, email), address: address_key(ctx, audience) }
    }

    /// LoginAttempts of somebody who is logged in as this customer, at the password that is asked for once more. Counted
    /// apart from those at the login, and from those of the same network address: whoever guesses there must not
    /// lock the owner out here.
    pub(super) fn inside(customer_id: i32) -> Self {
        Self { account: format!("inside:{customer_id}"), address: None }
    }

    /// Refuses a network address from which too much failed.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub(super) async fn ensure_address_is_welcome(&self, ctx: &Ctx) -> Result<()> {
        let most = ctx.app.config.accounts.failures_per_address;
        check_blocked(ctx, self.address.as_deref(), most).await
    }

    /// Seconds for which the account is still refused, if it is.
    pub(super) async fn seconds_refused(&self, ctx: &Ctx) -> Result<Option<u32>> {
        let clock = &ctx.app.clock;
        let row = Entity::find_by_id(self.account.as_str()).one(ctx.app.db.reader()).await?;
        Ok(row
            .and_then(|row| row.blocked_until)
            .filter(|until| clock.is_pending(*until, LONGEST))
            .map(|until| seconds(until - clock.now())))
    }

    /// Counts a guess and tells whether it may pass: when it is right, and the account not refused at the moment.
    /// That is looked at again here, under a lock, after the password was hashed: of many guesses at once, those
    /// that come after the first wrong one don't count. Whatever is refused, whether anybody has the account or not,
    /// the same statements are run.
    pub(super) async fn record_attempt(
        &self,
        ctx: &Ctx,
        tx: &impl ConnectionTrait,
        right: bool,
    ) -> TxResult<bool> {
        if !ctx.app.config.accounts.rate_limits {
            return Ok(right);
        }
        let now = ctx.app.clock.now();
        let row = lock(tx, &self.account, now).await?;
        let refused = row.blocked_until.is_some_and(|until| ctx.app.clock.is_pending(until, LONGEST));
        if right && !refused {
            Entity::delete_by_id(self.account.as_str()).exec(tx).await?;
            return Ok(true);
        }
        let mut next = row.clone().into_active_model();
        next.updated_at = Set(row.updated_at);
        if !refused {
            let count = if now - row.updated_at >= FORGOTTEN { 1 } else { row.count.saturating_add(1) };
            next.count = Set(count);
            next.updated_at = Set(now);
            next.blocked_until = Set(Some(now + pause(count)));
        }
        next.update(tx).await?;
        count_failure(ctx, tx, self.address.as_deref()).await?;
        Ok(false)
    }
}

/// What an account's guesses are counted by. A hash: of most that is tried here nobody is a customer.
fn login_key(audience: &str, email: &str) -> String {
    format!("{audience}:{}", secret::hash(email))
}

/// Forgets the wrong passwords of an account whose owner has shown itself. Before the account's own row is locked,
/// as at a login: two that lock the same rows in different orders wait for each other.
pub(super) async fn forget(tx: &impl ConnectionTrait, audience: &str, email: &str) -> TxResult<()> {
    Entity::delete_by_id(login_key(audience, email)).exec(tx).await?;
    Ok(())
}

/// Counts a request for mail, which each network address may make only so often, whatever comes of it.
///
/// # Errors
/// [`Error::RateLimited`] when it was too often.
pub(super) async fn count_request(ctx: &Ctx) -> Result<()> {
    count(ctx, "mail", ctx.app.config.accounts.failures_per_address).await
}

/// Counts a registration, of which each network address may try only so many, whatever comes of them: who has many
/// addresses of mail must not fill the database, nor find out which of them are customers. Admins are trusted.
///
/// # Errors
/// [`Error::RateLimited`] when there were too many.
pub(super) async fn count_registration(ctx: &Ctx) -> Result<()> {
    if ctx.is_admin() {
        return Ok(());
    }
    count(ctx, "register", ctx.app.config.accounts.registrations_per_address).await
}

async fn count(ctx: &Ctx, what: &str, most: u32) -> Result<()> {
    let address = address_key(ctx, what);
    check_blocked(ctx, address.as_deref(), most).await?;
    if !ctx.app.config.accounts.rate_limits || address.is_none() {
        return Ok(());
    }
    transact!(ctx.app.db, |tx| { count_failure(ctx, tx, address.as_deref()).await })
}

/// What was counted up to then has no effect any more.
pub(super) fn forgotten_since(ctx: &Ctx) -> DateTime<Utc> {
    ctx.app.clock.now() - FORGOTTEN
}

async fn check_blocked(ctx: &Ctx, address: Option<&str>, most: u32) -> Result<()> {
    let Some(address) = address.filter(|_| ctx.app.config.accounts.rate_limits) else {
        return Ok(());
    };
    let clock = &ctx.app.clock;
    match Entity::find_by_id(address).one(ctx.app.db.reader()).await? {
        Some(row) if clock.is_pending(row.since + WINDOW, WINDOW) && row.count.unsigned_abs() >= most => {
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
    let fresh = !ctx.app.clock.is_pending(row.since + WINDOW, WINDOW);
    let mut next = row.clone().into_active_model();
    next.count = Set(if fresh { 1 } else { row.count.saturating_add(1) });
    next.since = Set(if fresh { now } else { row.since });
    next.updated_at = Set(now);
    next.update(tx).await?;
    Ok(())
}

/// The row of a key, made when there is none, and locked.
async fn lock(tx: &impl ConnectionTrait, key: &str, now: DateTime<Utc>) -> TxResult<Model> {
    // Found by the insert, gone by the time it is locked: a login that succeeded was faster. Then once more.
    for _ in 0..10 {
        let row = ActiveModel {
            key: Set(key.to_owned()),
            count: Set(0),
            since: Set(now),
            updated_at: Set(now),
            blocked_until: Set(None),
        };
        let conflict = OnConflict::column(Column::Key).do_nothing().to_owned();
        Entity::insert(row).on_conflict(conflict).exec_without_returning(tx).await?;
        if let Some(row) = Entity::find_by_id(key).lock_exclusive().one(tx).await? {
            return Ok(row);
        }
    }
    Err(Error::unavailable("a row of `throttle` is deleted again and again").into())
}

/// How long an account is refused after so many wrong passwords: 1 s, doubled by each, up to 15 minutes.
fn pause(count: i32) -> TimeDelta {
    let doublings = u32::try_from(count - 1).unwrap_or_default().min(10);
    TimeDelta::seconds(1 << doublings).min(LONGEST)
}

fn seconds(time: TimeDelta) -> u32 {
    u32::try_from((time.num_milliseconds() + 999) / 1000).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::{TimeDelta, pause};

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = (1..=12).map(|count| pause(count).num_seconds()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(pause(i32::MAX), TimeDelta::minutes(15));
    }
}
