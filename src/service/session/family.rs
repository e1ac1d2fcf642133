//! What sessions of customers and of admins have in common: how long they last, how many an account has, and which of
//! their refresh tokens are good.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::{admin_session, customer_session};
use crate::error::{Error, Result};
use crate::types::TokenHash;

/// The most sessions of an account; beyond them the one that was used longest ago ends.
const MAX_SESSIONS: usize = 50;

/// A table of sessions.
pub(super) trait SessionTable: EntityTrait {
    /// Primary key.
    const ID: Self::Column;
    /// Whose it is.
    const OWNER: Self::Column;
    /// When it was last used.
    const LAST_USED_AT: Self::Column;
    /// When its latest refresh token expires.
    const EXPIRES_AT: Self::Column;
}

impl SessionTable for customer_session::Entity {
    const ID: Self::Column = customer_session::Column::CustomerSessionId;
    const OWNER: Self::Column = customer_session::Column::CustomerId;
    const LAST_USED_AT: Self::Column = customer_session::Column::LastUsedAt;
    const EXPIRES_AT: Self::Column = customer_session::Column::ExpiresAt;
}

impl SessionTable for admin_session::Entity {
    const ID: Self::Column = admin_session::Column::AdminSessionId;
    const OWNER: Self::Column = admin_session::Column::AdminUserId;
    const LAST_USED_AT: Self::Column = admin_session::Column::LastUsedAt;
    const EXPIRES_AT: Self::Column = admin_session::Column::ExpiresAt;
}

/// How long sessions of one kind of account last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    /// Without a refresh.
    refresh: TimeDelta,
    /// From the login, however often they are refreshed (ASVS 7.3.2).
    session: TimeDelta,
}

impl Lifetime {
    /// Of customers' sessions.
    pub(super) fn of_customers(ctx: &Ctx) -> Result<Self> {
        let config = &ctx.app.config.tokens;
        Self::new(config.customer_refresh_expiry, config.customer_session_lifetime)
    }

    /// Of admins' sessions.
    pub(super) fn of_admins(ctx: &Ctx) -> Result<Self> {
        let config = &ctx.app.config.tokens;
        Self::new(config.admin_refresh_expiry, config.admin_session_lifetime)
    }

    fn new(refresh: Duration, session: Duration) -> Result<Self> {
        let delta = |duration| TimeDelta::from_std(duration).map_err(Error::internal);
        Ok(Self { refresh: delta(refresh)?, session: delta(session)? })
    }

    /// When a session ends that began then: no token of it lasts longer.
    pub(super) fn end(self, created_at: DateTime<Utc>) -> DateTime<Utc> {
        created_at + self.session
    }

    /// Whether a session that began then has not come to its end.
    pub(super) fn lasts(self, ctx: &Ctx, created_at: DateTime<Utc>) -> bool {
        ctx.app.clock.is_pending(self.end(created_at), self.session)
    }

    /// After when and until when a session began that has not come to its end: [`lasts`](Self::lasts) for a statement.
    pub(super) fn begun_between(self, ctx: &Ctx) -> (DateTime<Utc>, DateTime<Utc>) {
        (ctx.app.clock.now() - self.session, ctx.app.clock.latest(TimeDelta::zero()))
    }

    /// When a session expires that began then and is used now.
    pub(super) fn expiry(self, ctx: &Ctx, created_at: DateTime<Utc>) -> DateTime<Utc> {
        self.refresh_expiry(ctx).min(self.end(created_at))
    }

    /// When a refresh token expires that is issued now.
    pub(super) fn refresh_expiry(self, ctx: &Ctx) -> DateTime<Utc> {
        ctx.app.clock.now() + self.refresh
    }

    /// How long a session lasts at most, in seconds.
    pub(super) fn session_seconds(self) -> i64 {
        self.session.num_seconds()
    }
}

/// Ends sessions of an account that have expired, and those that were used longest ago when there is no room for one
/// more. Gives the number of the latter.
pub(super) async fn evict_oldest<S: SessionTable>(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    owner: i32,
) -> TxResult<u64> {
    let own = S::find().filter(S::OWNER.eq(owner)).select_only();
    let own = own.columns([S::ID, S::EXPIRES_AT, S::LAST_USED_AT]);
    let latest_first = own.order_by_desc(S::LAST_USED_AT).order_by_desc(S::ID);
    let sessions: Vec<(i64, DateTime<Utc>, DateTime<Utc>)> = latest_first.into_tuple().all(tx).await?;
    let (now, latest) = (ctx.app.clock.now(), ctx.app.clock.latest(TimeDelta::zero()));
    let goes_on = |(_, until, used): &(i64, DateTime<Utc>, DateTime<Utc>)| *until > now && *used <= latest;
    let (going_on, expired): (Vec<_>, Vec<_>) = sessions.into_iter().partition(goes_on);
    let surplus = going_on.len().saturating_sub(MAX_SESSIONS - 1);
    let gone = going_on.into_iter().skip(MAX_SESSIONS - 1).chain(expired).map(|(id, ..)| id);
    let gone: Vec<i64> = gone.collect();
    if !gone.is_empty() {
        S::delete_many().filter(S::ID.is_in(gone)).exec(tx).await?;
    }
    Ok(surplus as u64)
}

/// Whether a refresh token of this step and with this hash is good: it comes for the first time, or none of the tokens that
/// were issued for it was used. If not, a token of a later step was used, or another one of its own: somebody else is ahead of
/// the client, and the session has to end. So it has when it has not reached the token's step: then the database is older than
/// the token, restored from a backup, and would reach that step without its owner. `count` and `last` are the session's
/// `refresh_count` and `last_refresh_token`.
pub(super) fn is_good(step: i64, hash: &TokenHash, count: i64, last: Option<&TokenHash>) -> bool {
    step == count || (step == count - 1 && last == Some(hash))
}

#[cfg(test)]
mod tests {
    use super::is_good;
    use crate::types::TokenHash;

    #[test]
    fn which_refresh_tokens_are_good() {
        let [used, other] = ["used", "other"].map(|hash| TokenHash::new(hash.to_owned()));
        for (step, hash, good) in [
            (3, &other, true),
            (2, &used, true),
            (2, &other, false),
            (1, &used, false),
            (0, &other, false),
            (4, &used, false),
        ] {
            assert_eq!(is_good(step, hash, 3, Some(&used)), good, "{step} {hash:?}");
        }
        assert!(is_good(0, &other, 0, None));
        assert!(!is_good(0, &other, 1, None));
    }
}
