//! The common rules for sessions of customers and admins: their lifetime, the number of sessions of an account, and
//! the refresh tokens that may be used.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::app::ctx::{Ctx, INVALID_ACCESS_TOKEN};
use crate::db::TxResult;
use crate::entity::{PublicId, admin_session, customer_session};
use crate::error::{Error, Result};
use crate::types::TokenHash;

/// The maximum number of sessions of an account. A further login ends the least recently used session.
const MAX_SESSIONS: usize = 50;

/// A table of sessions.
pub(super) trait SessionTable: PublicId {
    const ID: Self::Column;
    /// The account of the session.
    const OWNER: Self::Column;
    const LAST_USED_AT: Self::Column;
    /// The expiry of the latest refresh token.
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

/// The lifetime of the sessions of customers or admins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    /// The maximum time without a refresh.
    refresh: TimeDelta,
    /// The maximum time since the login, regardless of refreshes (ASVS 7.3.2).
    session: TimeDelta,
}

impl Lifetime {
    pub(super) fn of_customers(ctx: &Ctx) -> Result<Self> {
        let config = &ctx.app.config.tokens;
        Self::new(config.customer_refresh_expiry, config.customer_session_lifetime)
    }

    pub(super) fn of_admins(ctx: &Ctx) -> Result<Self> {
        let config = &ctx.app.config.tokens;
        Self::new(config.admin_refresh_expiry, config.admin_session_lifetime)
    }

    fn new(refresh: Duration, session: Duration) -> Result<Self> {
        let delta = |duration| TimeDelta::from_std(duration).map_err(Error::internal);
        Ok(Self { refresh: delta(refresh)?, session: delta(session)? })
    }

    /// The end of a session. All its tokens expire at the latest then.
    pub(super) fn end(self, created_at: DateTime<Utc>) -> DateTime<Utc> {
        created_at + self.session
    }

    /// Whether a session has not reached its end.
    pub(super) fn lasts(self, ctx: &Ctx, created_at: DateTime<Utc>) -> bool {
        ctx.app.clock.is_pending(self.end(created_at), self.session)
    }

    /// The bounds for `created_at` of sessions that have not reached their end: after the first timestamp, and at the
    /// second or before. The same rule as [`lasts`](Self::lasts), for SQL.
    pub(super) fn created_between(self, ctx: &Ctx) -> (DateTime<Utc>, DateTime<Utc>) {
        (ctx.app.clock.now() - self.session, ctx.app.clock.latest(TimeDelta::zero()))
    }

    /// The expiry of a session that is used now.
    pub(super) fn expiry(self, ctx: &Ctx, created_at: DateTime<Utc>) -> DateTime<Utc> {
        self.refresh_expiry(ctx).min(self.end(created_at))
    }

    /// The expiry of a refresh token that is issued now.
    pub(super) fn refresh_expiry(self, ctx: &Ctx) -> DateTime<Utc> {
        ctx.app.clock.now() + self.refresh
    }

    /// The maximum duration of a session, in seconds.
    pub(super) fn session_seconds(self) -> i64 {
        self.session.num_seconds()
    }
}

/// Deletes the expired sessions of an account, and its least recently used sessions if there are too many for another
/// one. Returns the number of the latter.
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
    let is_active = |(_, expires_at, used_at): &(i64, DateTime<Utc>, DateTime<Utc>)| {
        *expires_at > now && *used_at <= latest
    };
    let (active, expired): (Vec<_>, Vec<_>) = sessions.into_iter().partition(is_active);
    let evicted = active.len().saturating_sub(MAX_SESSIONS - 1);
    let deleted = active.into_iter().skip(MAX_SESSIONS - 1).chain(expired).map(|(id, ..)| id);
    let deleted: Vec<i64> = deleted.collect();
    if !deleted.is_empty() {
        S::delete_many().filter(S::ID.is_in(deleted)).exec(tx).await?;
    }
    Ok(evicted as u64)
}

/// Locks the session of a request, which continues after a change of the password. `None` for a token of EverShop, which has
/// no session.
///
/// # Errors
/// [`Error::Unauthenticated`] if the session has ended since the request began. A new session in its place would undo that.
pub(super) async fn lock_current<S: SessionTable>(
    tx: &impl ConnectionTrait,
    owner: i32,
    session: Option<Uuid>,
) -> TxResult<Option<S::Model>> {
    let Some(session) = session else { return Ok(None) };
    let session = S::find_by_public_id(session).filter(S::OWNER.eq(owner)).lock_exclusive().one(tx).await?;
    Ok(Some(session.ok_or(INVALID_ACCESS_TOKEN)?))
}

/// Whether a refresh token may be used: it is used for the first time, or none of the tokens that were issued for it
/// was used. `count` and `last` are the session's `refresh_count` and `last_refresh_token`.
///
/// Otherwise the session has to end. Either the token is superseded: a token of a later step, or another token of the
/// same step, was used. Or the token's step is greater than the session's: the database was restored from a backup, and
/// would reach that step again with other tokens.
pub(super) fn may_refresh(step: i64, hash: &TokenHash, count: i64, last: Option<&TokenHash>) -> bool {
    step == count || (step == count - 1 && last == Some(hash))
}

#[cfg(test)]
mod tests {
    use super::may_refresh;
    use crate::types::TokenHash;

    #[test]
    fn a_refresh_token_of_the_current_step_or_the_last_used_one_may_be_used() {
        let [used, other] = ["used", "other"].map(|hash| TokenHash::new(hash.to_owned()));
        for (step, hash, expected) in [
            (3, &other, true),
            (2, &used, true),
            (2, &other, false),
            (1, &used, false),
            (0, &other, false),
            (4, &used, false),
        ] {
            assert_eq!(may_refresh(step, hash, 3, Some(&used)), expected, "{step} {hash:?}");
        }
        assert!(may_refresh(0, &other, 0, None));
        assert!(!may_refresh(0, &other, 1, None));
    }
}
