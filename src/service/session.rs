//! Sessions of customers: logging in, staying logged in, logging out here or everywhere.
//!
//! # Rotation
//!
//! A refresh token is good for one refresh, which answers with the next one; all of a session's are a family.
//! A thief who copied one, or its owner, will come with it a second time, and that ends the session for both
//! (RFC 9700 4.14.2). But a second time is not always a thief: two tabs refresh at once, or an answer is lost
//! on the way and the client tries again. What tells them apart is whether the first answer arrived: as long
//! as none of the tokens that were issued for it has been used, nobody can be ahead of the one who asks, and
//! it gets another. But only one of those issued for the same token can be taken: once one was used, whoever
//! comes with another of them, or with the token itself, has been overtaken: 401, and the family ends. (Tabs
//! share their storage: each goes on with the token that was written last.)

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::db::Attempt;
use crate::entity::customer_session::{self, Column, Entity, Model};
use crate::entity::{customer, customer_refresh_token as refresh_token};
use crate::error::{Error, Result, is_retriable};
use crate::hasher::Verdict;
use crate::service::customer::forget_wishes;
use crate::service::journal::{self, Change};
use crate::service::secret;
use crate::service::throttle::Guesses;
use crate::service::token::{self, Audience, Kind, TokenPair};
use crate::transact;
use crate::types::{EmailAddress, EventKind, PasswordHash, TokenHash};

/// One text for everything that can be wrong with a refresh token.
const REFUSED: Error = Error::Unauthenticated("The refresh token is invalid or expired");
/// The most sessions of a customer; beyond them the one that was used longest ago ends.
const MAX_SESSIONS: usize = 50;
/// The most refresh tokens that are good for the same step, one of which will be taken.
const MAX_UNUSED: usize = 5;

/// Logs a customer in. A hash of another system, or of an earlier price, is replaced on the way.
///
/// # Errors
/// [`Error::Unauthenticated`], in the same words and after the same time whether the address is unknown, the
/// password wrong, the customer disabled or the account refused for a while because somebody guesses;
/// [`Error::RateLimited`] for a network address from which too much failed.
pub async fn log_in(ctx: &Ctx, email: &str, password: &SecretString) -> Result<TokenPair> {
    let db = &ctx.app.db;
    let email = EmailAddress::parse(email).map_err(|_| email.trim().to_lowercase());
    let key = email.as_ref().map_or_else(String::clone, EmailAddress::key);
    let guesses = Guesses::at_login(ctx, "customer", &key);
    guesses.ensure_address_is_welcome(ctx).await?;
    let found = match &email {
        Ok(email) => customer::Entity::find_by_address(email, db.backend()).one(db.reader()).await?,
        Err(_) => None,
    };
    let verified = ctx.app.hasher.verify(password, found.as_ref().map(|found| &found.password)).await?;
    let found = found.filter(|customer| verified.verdict.is_right() && customer.status == 1);
    let outcome = transact!(ctx, |tx| {
        if !guesses.settle(ctx, tx, found.is_some()).await? {
            // That it was counted has to be committed, so it is no error inside of the transaction.
            return Ok(None);
        }
        let Some(found) = &found else { return Ok(None) };
        // Hashing took its time: an account that changed meanwhile gets no token of its old self.
        let select = customer::Entity::find_by_id(found.customer_id).lock_exclusive();
        let Some(current) = select.one(tx).await? else { return Ok(None) };
        if current.status != 1 || current.token_generation != found.token_generation {
            return Ok(None);
        }
        make_room(ctx, tx, current.customer_id).await?;
        start(ctx, tx, &current).await.map(Some)
    })?;
    let (Some(pair), Some(customer)) = (outcome, found) else {
        ctx.app.hasher.level(verified.took).await;
        return Err(Error::Unauthenticated("Invalid email or password"));
    };
    // What a request with a key did is still open, and must not wait for a hash: the next login replaces it.
    if verified.verdict == Verdict::Outdated
        && ctx.keyed.is_none()
        && let Err(error) = replace_hash(ctx, &customer, password).await
    {
        // The next login tries again; this one has passed.
        tracing::warn!(customer = %customer.uuid, %error, "an old password hash was not replaced");
    }
    Ok(pair)
}

/// Stores a hash of today's kind of a password that was just found to be right. Nothing that anybody sees changes, and
/// no token ends.
async fn replace_hash(ctx: &Ctx, customer: &customer::Model, password: &SecretString) -> Result<()> {
    let hash = ctx.app.hasher.rehash(password, ctx.app.random.bytes()).await?;
    transact!(ctx.app.db, |tx| {
        let row = customer::ActiveModel { password: Set(hash.clone()), ..Default::default() };
        let same = customer::Entity::update_many().set(row);
        let same = same.filter(customer::Column::CustomerId.eq(customer.customer_id));
        // Not over a password that was changed meanwhile.
        same.filter(customer::Column::Password.eq(customer.password.clone())).exec(tx).await?;
        Ok(())
    })
}

/// Has the hasher learn what hashes take that are not as those that are made now, when there are any, so that refused logins look alike
/// from the start. Once a start is enough.
///
/// # Errors
/// Those of the database, and a full queue.
pub async fn learn_old_hashes(ctx: &Ctx) -> Result<()> {
    let usual = format!("{}%", ctx.app.hasher.usual_prefix());
    let old = customer::Entity::find().filter(customer::Column::Password.not_like(usual)).select_only();
    let old = old.column(customer::Column::Password).limit(1).into_tuple::<PasswordHash>();
    if let Some(hash) = old.one(ctx.app.db.reader()).await? {
        ctx.app.hasher.learn(&hash).await?;
    }
    Ok(())
}

/// Ends sessions of a customer that have expired, and those that were used longest ago when there are too many.
async fn make_room(ctx: &Ctx, tx: &impl ConnectionTrait, customer_id: i32) -> Attempt<()> {
    let own = Entity::find().filter(Column::CustomerId.eq(customer_id)).select_only();
    let own = own.columns([Column::CustomerSessionId, Column::ExpiresAt]);
    let latest_first = own.order_by_desc(Column::LastUsedAt).order_by_desc(Column::CustomerSessionId);
    let sessions: Vec<(i32, DateTime<Utc>)> = latest_first.into_tuple().all(tx).await?;
    let now = ctx.app.clock.now();
    let (going_on, expired): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|(_, until)| *until > now);
    let surplus = going_on.len().saturating_sub(MAX_SESSIONS - 1);
    let gone = going_on.into_iter().skip(MAX_SESSIONS - 1).chain(expired).map(|(id, _)| id);
    let gone: Vec<i32> = gone.collect();
    if !gone.is_empty() {
        Entity::delete_many().filter(Column::CustomerSessionId.is_in(gone)).exec(tx).await?;
    }
    tell_of_ended(ctx, tx, customer_id, surplus as u64).await
}

/// Tells of sessions that were ended, if any were. The customer should be locked already: whoever locks it after one of
/// its sessions may wait for somebody who does it the other way round, until the database lets one of them try again.
async fn tell_of_ended(ctx: &Ctx, tx: &impl ConnectionTrait, customer_id: i32, count: u64) -> Attempt<()> {
    if count == 0 {
        return Ok(());
    }
    let Some(uuid) = uuid_of(tx, customer_id).await? else { return Ok(()) };
    let ended = Change::happened(EventKind::SessionRevoked, uuid, json!({"count": count}));
    journal::for_customer(ctx, tx, customer_id, ended).await
}

/// Tells of one session that was ended.
async fn tell_of_end(ctx: &Ctx, tx: &impl ConnectionTrait, session: &Model) -> Attempt<()> {
    let ended = json!({"count": 1, "session": session.uuid.to_string()});
    let ended = Change::happened(EventKind::SessionRevoked, session.uuid, ended);
    journal::for_customer(ctx, tx, session.customer_id, ended).await
}

async fn uuid_of(tx: &impl ConnectionTrait, customer_id: i32) -> Attempt<Option<Uuid>> {
    let customer = customer::Entity::find_by_id(customer_id).select_only().column(customer::Column::Uuid);
    Ok(customer.into_tuple().one(tx).await?)
}

/// Starts a session and issues its first tokens.
async fn start(ctx: &Ctx, tx: &impl ConnectionTrait, customer: &customer::Model) -> Attempt<TokenPair> {
    let now = ctx.app.clock.now();
    let session = customer_session::ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        customer_id: Set(customer.customer_id),
        user_agent: Set(ctx.client_name()),
        ip_address: Set(ctx.ip.map(|ip| ip.to_string())),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(expiry(ctx)?),
        ..Default::default()
    };
    let session = session.insert(tx).await?;
    let created = json!({"session": session.uuid.to_string()});
    let created = Change::happened(EventKind::SessionCreated, session.uuid, created);
    journal::for_customer(ctx, tx, customer.customer_id, created).await?;
    issue(ctx, tx, customer, &session, None).await
}

/// New tokens for a session whose tokens have all just been ended by a change of the password. Without a session
/// (a token of EverShop's own asked for it) one starts.
pub(super) async fn go_on(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &customer::Model,
    session: Option<Uuid>,
) -> Attempt<TokenPair> {
    let own = Entity::find().filter(Column::CustomerId.eq(customer.customer_id));
    let session = match session {
        Some(uuid) => own.filter(Column::Uuid.eq(uuid)).lock_exclusive().one(tx).await?,
        None => None,
    };
    let Some(session) = session else {
        return start(ctx, tx, customer).await;
    };
    // Its family starts anew: the tokens before are of an earlier generation, and good for nothing.
    let family = refresh_token::Entity::delete_many();
    let family = family.filter(refresh_token::Column::CustomerSessionId.eq(session.customer_session_id));
    family.exec(tx).await?;
    let session = touch(ctx, tx, session).await?;
    issue(ctx, tx, customer, &session, None).await
}

/// Notes that a session was used, and goes on for the life of a refresh token.
async fn touch(ctx: &Ctx, tx: &impl ConnectionTrait, session: Model) -> Attempt<Model> {
    let mut session = session.into_active_model();
    session.last_used_at = Set(ctx.app.clock.now());
    session.expires_at = Set(expiry(ctx)?);
    Ok(session.update(tx).await?)
}

/// New tokens for a refresh token, which is used up: see the [module](self).
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, its session has ended, or it was
/// overtaken; then the session ends.
pub async fn refresh(ctx: &Ctx, refresh_token: &str) -> Result<TokenPair> {
    let verified =
        token::verify(&ctx.app, refresh_token, Audience::Customer, Kind::Refresh).ok_or(REFUSED)?;
    let hash = secret::hash_of_token(refresh_token);
    if let Some(pair) = usual_refresh(ctx, &verified, &hash).await? {
        return Ok(pair);
    }
    let outcome = transact!(ctx, |tx| {
        let token = refresh_token::Entity::find_by_hash(&hash).one(tx).await?.ok_or(REFUSED)?;
        // The session's lock puts refreshes of one family in a row.
        let select = Entity::find_by_id(token.customer_session_id).lock_exclusive();
        let session = select.one(tx).await?.ok_or(REFUSED)?;
        // After the lock: in one query with it, PostgreSQL would show the customer as it was before the wait.
        let customer = customer::Entity::find_by_id(session.customer_id).one(tx).await?.ok_or(REFUSED)?;
        if customer.status != 1 || customer.token_generation != verified.generation {
            return Err(REFUSED.into());
        }
        let id = token.customer_refresh_token_id;
        let family = Relatives::find(tx, &token).await?;
        if family.is_overtaken {
            // The end of the family has to be committed, so it is no error inside of the transaction.
            session.clone().delete(tx).await?;
            tell_of_end(ctx, tx, &session).await?;
            return Ok(None);
        }
        if !family.is_used {
            let mut used = token.into_active_model();
            used.is_used = Set(true);
            used.update(tx).await?;
        }
        let session = touch(ctx, tx, session).await?;
        let pair = issue(ctx, tx, &customer, &session, Some(id)).await?;
        prune(ctx, tx, session.customer_session_id, family.unused).await?;
        Ok(Some(pair))
    })?;
    if outcome.is_none() {
        tracing::warn!(customer = %verified.account.uuid, "a refresh token came a second time; its session ended");
    }
    outcome.ok_or(REFUSED)
}

/// Uses up `$2`, of the session `$1`, and remembers the token that is issued for it. It locks the session before anything
/// else, as the transaction does that looks at every case; a row that was changed while it waited is looked at again.
const USUAL_REFRESH: &str = r#"
WITH "locked" AS (
  SELECT "customer_session_id" AS "id" FROM "customer_session" WHERE "customer_session_id" = $1 FOR UPDATE
), "used" AS (
  UPDATE "customer_refresh_token" AS "token" SET "is_used" = TRUE FROM "locked"
  WHERE "token"."customer_refresh_token_id" = $2 AND "token"."customer_session_id" = "locked"."id"
    AND NOT "token"."is_used"
    AND NOT EXISTS (
      SELECT 1 FROM "customer_refresh_token" AS "other"
      WHERE "other"."parent_id" = "token"."parent_id" AND "other"."customer_refresh_token_id" <> $2)
  RETURNING "locked"."id"
), "touched" AS (
  UPDATE "customer_session" SET "last_used_at" = $3, "expires_at" = $4 FROM "used"
  WHERE "customer_session_id" = "used"."id"
), "expired" AS (
  DELETE FROM "customer_refresh_token" USING "used"
  WHERE "customer_session_id" = "used"."id" AND "expires_at" <= $3
)
INSERT INTO "customer_refresh_token" ("customer_session_id", "parent_id", "token_hash", "is_used", "expires_at")
SELECT "id", $2, $5, FALSE, $4 FROM "used"
"#;

/// On PostgreSQL, one statement instead of a transaction of ten for what nearly every refresh is: the token comes for the
/// first time, and none was issued beside it. None when it is not so, and nothing is changed then.
async fn usual_refresh(ctx: &Ctx, verified: &token::Verified, hash: &TokenHash) -> Result<Option<TokenPair>> {
    let db = &ctx.app.db;
    if db.is_embedded() || ctx.keyed.is_some() {
        return Ok(None);
    }
    let Some(token) = refresh_token::Entity::find_by_hash(hash).one(db.reader()).await? else {
        return Ok(None);
    };
    let select = Entity::find_by_id(token.customer_session_id).find_also_related(customer::Entity);
    let Some((session, Some(customer))) = select.one(db.reader()).await? else { return Ok(None) };
    // Whoever changes either ends the session, or all of its tokens, so that the statement finds none.
    if customer.status != 1 || customer.token_generation != verified.generation {
        return Ok(None);
    }
    let pair = token::issue_for_customer(&ctx.app, &customer, session.uuid)?;
    let values: [Value; 5] = [
        session.customer_session_id.into(),
        token.customer_refresh_token_id.into(),
        ctx.app.clock.now().into(),
        expiry(ctx)?.into(),
        secret::hash_of_token(&pair.refresh_token).into(),
    ];
    let statement = Statement::from_sql_and_values(db.backend(), USUAL_REFRESH, values);
    match db.owner().execute_raw(statement).await {
        Ok(done) => Ok((done.rows_affected() == 1).then_some(pair)),
        Err(error) if is_retriable(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a token's family tells about it.
struct Relatives {
    /// Somebody else is ahead of who comes with it: one that was issued for it has been used, or one that was issued
    /// beside it.
    is_overtaken: bool,
    /// It came before.
    is_used: bool,
    /// Those that were issued for it and not used, the newest first.
    unused: Vec<i32>,
}

impl Relatives {
    /// As they are while the session is locked.
    async fn find(tx: &impl ConnectionTrait, token: &refresh_token::Model) -> Attempt<Self> {
        use refresh_token::Column::{CustomerRefreshTokenId, IsUsed, ParentId};
        let id = token.customer_refresh_token_id;
        let mut related = Condition::any().add(CustomerRefreshTokenId.eq(id)).add(ParentId.eq(id));
        if let Some(parent) = token.parent_id {
            related = related.add(ParentId.eq(parent));
        }
        let select = refresh_token::Entity::find().filter(related).select_only();
        let select = select.columns([CustomerRefreshTokenId, ParentId, IsUsed]);
        let select = select.order_by_desc(CustomerRefreshTokenId);
        let related: Vec<(i32, Option<i32>, bool)> = select.into_tuple().all(tx).await?;
        let is_child = |parent: Option<i32>| parent == Some(id);
        Ok(Self {
            is_overtaken: related.iter().any(|(other, _, is_used)| *is_used && *other != id),
            is_used: related.iter().any(|(other, _, is_used)| *is_used && *other == id),
            unused: related.iter().filter(|(_, parent, _)| is_child(*parent)).map(|(id, ..)| *id).collect(),
        })
    }
}

/// Forgets refresh tokens of a session that nobody can come with any more, and all but the latest of those that were
/// issued for the same one and not used: whoever asks again and again is left with these. `unused` are those that were
/// there before the latest.
async fn prune(ctx: &Ctx, tx: &impl ConnectionTrait, session: i32, unused: Vec<i32>) -> Attempt<()> {
    use refresh_token::Column::{CustomerRefreshTokenId, CustomerSessionId, ExpiresAt};
    let expired = Condition::all().add(CustomerSessionId.eq(session)).add(ExpiresAt.lte(ctx.app.clock.now()));
    let surplus = unused.into_iter().skip(MAX_UNUSED - 1);
    let gone = Condition::any().add(expired).add(CustomerRefreshTokenId.is_in(surplus));
    refresh_token::Entity::delete_many().filter(gone).exec(tx).await?;
    Ok(())
}

/// Ends the session of a refresh token. One that is good for nothing any more needs no ending (RFC 7009 2.2).
///
/// # Errors
/// Those of the database.
pub async fn revoke(ctx: &Ctx, refresh_token: &str) -> Result<()> {
    let hash = secret::hash_of_token(refresh_token);
    transact!(ctx, |tx| {
        if let Some(token) = refresh_token::Entity::find_by_hash(&hash).one(tx).await? {
            let session = Entity::find_by_id(token.customer_session_id).one(tx).await?;
            if let Some(session) = session {
                lock_customer(tx, session.customer_id).await?;
                // Of two that come at once, one ends it.
                if session.clone().delete(tx).await?.rows_affected == 1 {
                    tell_of_end(ctx, tx, &session).await?;
                }
            }
        }
        Ok(())
    })
}

/// Ends one of the customer's own sessions and tells which it was.
///
/// # Errors
/// [`Error::NotFound`], also for a session of another customer.
pub async fn end(ctx: &Ctx, session: Uuid) -> Result<Model> {
    let (customer_id, _) = ctx.require_customer()?;
    transact!(ctx, |tx| {
        let own = Entity::find().filter(Column::CustomerId.eq(customer_id));
        lock_customer(tx, customer_id).await?;
        let session = own.filter(Column::Uuid.eq(session)).lock_exclusive().one(tx).await?;
        let session = session.ok_or(Error::NotFound("Session"))?;
        session.clone().delete(tx).await?;
        tell_of_end(ctx, tx, &session).await?;
        Ok(session)
    })
}

/// Ends all of the customer's own sessions, and with them every token that is out there.
///
/// # Errors
/// Those of the database.
pub async fn end_all(ctx: &Ctx) -> Result<()> {
    let (customer_id, _) = ctx.require_customer()?;
    transact!(ctx, |tx| {
        // The customer first, then its sessions: the order in which everything locks them.
        let select = customer::Entity::find_by_id(customer_id).lock_exclusive();
        let customer = select.one(tx).await?.ok_or(Error::NotFound("Customer"))?;
        let ended = end_sessions(tx, customer_id, None).await?;
        tell_of_ended(ctx, tx, customer_id, ended).await?;
        // Whoever was in may have wished for an address of its own.
        forget_wishes(tx, &customer).await?;
        let generation = customer.token_generation + 1;
        let mut row = customer.into_active_model();
        row.pending_email.set_if_not_equals(None);
        row.token_generation = Set(generation);
        // Counted by the journal meanwhile.
        row.event_sequence = NotSet;
        row.update(tx).await?;
        Ok(())
    })
}

/// Ends all sessions of a customer but one, in the transaction of what makes them end, and tells how many.
pub(super) async fn end_sessions(
    tx: &impl ConnectionTrait,
    customer_id: i32,
    kept: Option<Uuid>,
) -> Attempt<u64> {
    let mut sessions = Entity::delete_many().filter(Column::CustomerId.eq(customer_id));
    if let Some(kept) = kept {
        sessions = sessions.filter(Column::Uuid.ne(kept));
    }
    Ok(sessions.exec(tx).await?.rows_affected)
}

/// The customer first, then its sessions: the order in which everything locks them.
async fn lock_customer(tx: &impl ConnectionTrait, customer_id: i32) -> Attempt<()> {
    let select = customer::Entity::find_by_id(customer_id).select_only();
    let select = select.column(customer::Column::CustomerId).lock_exclusive();
    select.into_tuple::<i32>().one(tx).await?;
    Ok(())
}

/// The sessions of these customers, for callers that were shown the customers.
///
/// # Errors
/// Those of the database.
pub async fn of_customers(ctx: &Ctx, customer_ids: &[i32]) -> Result<Vec<Model>> {
    let select = Entity::find_by_customers(customer_ids, ctx.app.clock.now());
    Ok(select.all(ctx.app.db.reader()).await?)
}

fn expiry(ctx: &Ctx) -> Result<chrono::DateTime<chrono::Utc>> {
    let lifetime = TimeDelta::from_std(ctx.app.config.tokens.customer_refresh_expiry);
    Ok(ctx.app.clock.now() + lifetime.map_err(Error::internal)?)
}

/// Issues tokens for a session and remembers the refresh token.
async fn issue(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &customer::Model,
    session: &Model,
    parent: Option<i32>,
) -> Attempt<TokenPair> {
    let pair = token::issue_for_customer(&ctx.app, customer, session.uuid)?;
    let row = refresh_token::ActiveModel {
        customer_session_id: Set(session.customer_session_id),
        parent_id: Set(parent),
        token_hash: Set(secret::hash_of_token(&pair.refresh_token)),
        is_used: Set(false),
        expires_at: Set(expiry(ctx)?),
        ..Default::default()
    };
    row.insert(tx).await?;
    Ok(pair)
}
