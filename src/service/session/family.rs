//! What sessions of customers and of admins have in common: how long they last, how many there are, and how their refresh
//! tokens, a family each, are used up.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::ctx::Ctx;
use crate::db::Attempt;
use crate::entity::{admin_refresh_token, admin_session, customer_refresh_token, customer_session};
use crate::error::{Error, Result};

/// The most sessions of an account; beyond them the one that was used longest ago ends.
const MAX_SESSIONS: usize = 50;
/// The most refresh tokens that are good for the same step, one of which will be taken.
const MAX_UNUSED: usize = 5;

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

/// A table of the refresh tokens of sessions.
pub(super) trait TokenTable: EntityTrait {
    /// Primary key.
    const ID: Self::Column;
    /// The session it belongs to.
    const SESSION: Self::Column;
    /// The token it was issued for.
    const PARENT: Self::Column;
    /// Whether it was used.
    const IS_USED: Self::Column;
    /// When it expires.
    const EXPIRES_AT: Self::Column;
}

impl TokenTable for customer_refresh_token::Entity {
    const ID: Self::Column = customer_refresh_token::Column::CustomerRefreshTokenId;
    const SESSION: Self::Column = customer_refresh_token::Column::CustomerSessionId;
    const PARENT: Self::Column = customer_refresh_token::Column::ParentId;
    const IS_USED: Self::Column = customer_refresh_token::Column::IsUsed;
    const EXPIRES_AT: Self::Column = customer_refresh_token::Column::ExpiresAt;
}

impl TokenTable for admin_refresh_token::Entity {
    const ID: Self::Column = admin_refresh_token::Column::AdminRefreshTokenId;
    const SESSION: Self::Column = admin_refresh_token::Column::AdminSessionId;
    const PARENT: Self::Column = admin_refresh_token::Column::ParentId;
    const IS_USED: Self::Column = admin_refresh_token::Column::IsUsed;
    const EXPIRES_AT: Self::Column = admin_refresh_token::Column::ExpiresAt;
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

    /// When a session expires that began then and is used now.
    pub(super) fn expiry(self, ctx: &Ctx, created_at: DateTime<Utc>) -> DateTime<Utc> {
        (ctx.app.clock.now() + self.refresh).min(self.end(created_at))
    }
}

/// Ends sessions of an account that have expired, and those that were used longest ago when there is no room for one
/// more. Gives the number of the latter.
pub(super) async fn make_room<S: SessionTable>(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    owner: i32,
) -> Attempt<u64> {
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

/// Uses up the refresh token `id`, issued for `parent`, while its session is locked. Gives those that were issued for it
/// before and not used, the newest first. None when somebody else is ahead of the client: a token that was issued for this
/// one has been used, or one that was issued beside it.
pub(super) async fn use_up<T: TokenTable>(
    tx: &impl ConnectionTrait,
    id: i64,
    parent: Option<i64>,
) -> Attempt<Option<Vec<i64>>> {
    let mut related = Condition::any().add(T::ID.eq(id)).add(T::PARENT.eq(id));
    if let Some(parent) = parent {
        related = related.add(T::PARENT.eq(parent));
    }
    let select = T::find().filter(related).select_only().columns([T::ID, T::PARENT, T::IS_USED]);
    let related: Vec<(i64, Option<i64>, bool)> = select.order_by_desc(T::ID).into_tuple().all(tx).await?;
    if related.iter().any(|(other, _, is_used)| *is_used && *other != id) {
        return Ok(None);
    }
    if !related.iter().any(|(other, _, is_used)| *is_used && *other == id) {
        let used = T::update_many().col_expr(T::IS_USED, Expr::value(true)).filter(T::ID.eq(id));
        used.exec(tx).await?;
    }
    let children = related.iter().filter(|(_, parent, _)| *parent == Some(id));
    Ok(Some(children.map(|(child, ..)| *child).collect()))
}

/// Forgets refresh tokens of a session that nobody can come with any more, and all but the latest of those that were
/// issued for the same one and not used: whoever asks again and again is left with these. `unused` are those that were
/// there before the latest.
pub(super) async fn prune<T: TokenTable>(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    session: i64,
    unused: Vec<i64>,
) -> Attempt<()> {
    let expired = Condition::all().add(T::SESSION.eq(session));
    let expired = expired.add(T::EXPIRES_AT.lte(ctx.app.clock.now()));
    let surplus = unused.into_iter().skip(MAX_UNUSED - 1);
    let gone = Condition::any().add(expired).add(T::ID.is_in(surplus));
    T::delete_many().filter(gone).exec(tx).await?;
    Ok(())
}
