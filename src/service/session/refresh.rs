//! Staying logged in.
//!
//! A refresh token is good for one refresh, which answers with the next one; all of a session's are a family.
//! A thief who copied one, or its owner, will come with it a second time, and that ends the session for both
//! (RFC 9700 4.14.2). But a second time is not always a thief: two tabs refresh at once, or an answer is lost
//! on the way and the client tries again. What tells them apart is whether the first answer arrived: as long
//! as none of the tokens that were issued for it has been used, nobody can be ahead of the one who asks, and
//! it gets another. But only one of those issued for the same token can be taken: once one was used, whoever
//! comes with another of them, or with the token itself, has been overtaken: 401, and the family ends. (Tabs
//! share their storage: each goes on with the token that was written last.)

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement, Value,
};

use super::end::tell_of_end;
use super::{expiry, issue, touch};
use crate::ctx::Ctx;
use crate::db::Attempt;
use crate::entity::customer_session::Entity;
use crate::entity::{customer, customer_refresh_token as refresh_token};
use crate::error::{Error, Result, is_retriable};
use crate::idempotency::{Write, Written};
use crate::service::secret;
use crate::service::token::{self, Audience, Kind, TokenPair};
use crate::spend;
use crate::types::TokenHash;

/// One text for everything that can be wrong with a refresh token.
const REFUSED: Error = Error::Unauthenticated("The refresh token is invalid or expired");
/// The most refresh tokens that are good for the same step, one of which will be taken.
const MAX_UNUSED: usize = 5;

/// New tokens for a refresh token, which is used up: the head of this file says when.
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, its session has ended, or it was
/// overtaken; then the session ends.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let verified =
        token::verify(&ctx.app, refresh_token, Audience::Customer, Kind::Refresh).ok_or(REFUSED)?;
    let hash = secret::hash_of_token(refresh_token);
    // With a key, the answer has to be in the same transaction.
    if !write.is_keyed()
        && let Some(pair) = usual_refresh(ctx, &verified, &hash).await?
    {
        return write.done_by_statement(pair);
    }
    let outcome = spend!(ctx, write.or_nothing(), |tx| {
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
    let outcome = outcome.something();
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
    if db.is_embedded() {
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
    unused: Vec<i64>,
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
        let related: Vec<(i64, Option<i64>, bool)> = select.into_tuple().all(tx).await?;
        let is_child = |parent: Option<i64>| parent == Some(id);
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
async fn prune(ctx: &Ctx, tx: &impl ConnectionTrait, session: i64, unused: Vec<i64>) -> Attempt<()> {
    use refresh_token::Column::{CustomerRefreshTokenId, CustomerSessionId, ExpiresAt};
    let expired = Condition::all().add(CustomerSessionId.eq(session)).add(ExpiresAt.lte(ctx.app.clock.now()));
    let surplus = unused.into_iter().skip(MAX_UNUSED - 1);
    let gone = Condition::any().add(expired).add(CustomerRefreshTokenId.is_in(surplus));
    refresh_token::Entity::delete_many().filter(gone).exec(tx).await?;
    Ok(())
}
