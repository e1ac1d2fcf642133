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

use sea_orm::{ConnectionTrait, EntityTrait, ModelTrait, QuerySelect, Statement, Value};

use super::end::tell_of_end;
use super::family::{self, Lifetime};
use super::{claim, issue, touch};
use crate::ctx::Ctx;
use crate::entity::customer_session::Entity;
use crate::entity::{customer, customer_refresh_token as refresh_token};
use crate::error::{Error, Result, is_retriable};
use crate::idempotency::{Write, Written};
use crate::service::secret;
use crate::service::token::{self, Audience, Kind, TokenPair};
use crate::spend;
use crate::types::TokenHash;

/// One text for everything that can be wrong with a refresh token.
pub(super) const REFUSED: Error = Error::Unauthenticated("The refresh token is invalid or expired");

/// New tokens for a refresh token, which is used up: the head of this file says when.
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, its session has ended, or it was
/// overtaken; then the session ends.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let verified =
        token::verify(&ctx.app, refresh_token, Audience::Customer, Kind::Refresh).ok_or(REFUSED)?;
    let hash = secret::hash_of_token(refresh_token);
    let lifetime = Lifetime::of_customers(ctx)?;
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
        let trusted = customer.status == 1 && customer.token_generation == verified.generation;
        if !trusted || !lifetime.lasts(ctx, session.created_at) {
            return Err(REFUSED.into());
        }
        let id = token.customer_refresh_token_id;
        let Some(unused) = family::use_up::<refresh_token::Entity>(tx, id, token.parent_id).await? else {
            // The end of the family has to be committed, so it is no error inside of the transaction.
            session.clone().delete(tx).await?;
            tell_of_end(ctx, tx, &session).await?;
            return Ok(None);
        };
        let session = touch(ctx, tx, session).await?;
        let pair = issue(ctx, tx, &customer, &session, Some(id)).await?;
        family::prune::<refresh_token::Entity>(ctx, tx, session.customer_session_id, unused).await?;
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
    let trusted = customer.status == 1 && customer.token_generation == verified.generation;
    let lifetime = Lifetime::of_customers(ctx)?;
    if !trusted || !lifetime.lasts(ctx, session.created_at) {
        return Ok(None);
    }
    let pair = token::issue_for_customer(&ctx.app, &customer, claim(lifetime, &session))?;
    let values: [Value; 5] = [
        session.customer_session_id.into(),
        token.customer_refresh_token_id.into(),
        ctx.app.clock.now().into(),
        lifetime.expiry(ctx, session.created_at).into(),
        secret::hash_of_token(&pair.refresh_token).into(),
    ];
    let statement = Statement::from_sql_and_values(db.backend(), USUAL_REFRESH, values);
    match db.owner().execute_raw(statement).await {
        Ok(done) => Ok((done.rows_affected() == 1).then_some(pair)),
        Err(error) if is_retriable(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
