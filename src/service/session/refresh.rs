//! Staying logged in.
//!
//! A refresh token is good for one refresh, which answers with the next one; all of a session's are a family. A client that
//! comes with a used one is a thief who copied it, or its owner after the thief: the session ends for both (RFC 9700
//! 4.14.2). But two tabs may refresh at once, or an answer is lost and the client tries again. The difference is whether the
//! first answer arrived: as long as none of the tokens that were issued for it has been used, no other client can be ahead,
//! and it gets another one. Only one of those issued for the same token can be used: after that the others, and the token
//! itself, are overtaken: 401, and the session ends. (Tabs share their storage: each continues with the token that was
//! written last.)
//!
//! The session's row is all that is stored. A token is signed and carries its step, which is how many times the session had
//! been refreshed when it was issued. The row counts the refreshes and has the hash of the token that was used last, so any
//! number of tokens can be good for the same step, and any older token is known to be overtaken.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Value};
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, ModelTrait, QueryFilter, QuerySelect, Statement,
};
use uuid::Uuid;

use super::end::record_revocation;
use super::family::{Lifetime, is_good};
use super::{advance, issue};
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::entity::customer;
use crate::entity::customer_session::{Column, Entity};
use crate::error::{Error, Result, is_retriable};
use crate::service::secret;
use crate::service::token::{self, Account, Audience, SessionClaim, Subject, TokenKind, TokenPair};
use crate::spend;
use crate::types::{EmailAddress, TokenHash};

/// One text for everything that can be wrong with a refresh token.
pub(super) const REFUSED: Error = Error::Unauthenticated("The refresh token is invalid or expired");

/// A refresh token that was signed by us and has not expired.
#[derive(Debug)]
pub(super) struct Presented {
    pub(super) account: Uuid,
    /// The account's `token_generation` as it was.
    pub(super) generation: i64,
    pub(super) session: Uuid,
    pub(super) step: i64,
    pub(super) hash: TokenHash,
}

impl Presented {
    /// Reads a token; EverShop's own have no session, and can't be refreshed here.
    pub(super) fn read(ctx: &Ctx, refresh_token: &str, audience: Audience) -> Option<Self> {
        let verified = token::verify(&ctx.app, refresh_token, audience, TokenKind::Refresh)?;
        Some(Self {
            account: verified.account.uuid,
            generation: verified.generation,
            session: verified.session?,
            step: verified.step?,
            hash: secret::hash_of_token(refresh_token),
        })
    }
}

/// New tokens for a refresh token: the head of this file says when.
///
/// # Errors
/// [`Error::Unauthenticated`] when it isn't one of ours, has expired, its session has ended, or it was overtaken; then the
/// session ends.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let presented = Presented::read(ctx, refresh_token, Audience::Customer).ok_or(REFUSED)?;
    let lifetime = Lifetime::of_customers(ctx)?;
    // With a key, the answer has to be in the same transaction.
    if !write.is_keyed()
        && let Some(pair) = refresh_by_statement(ctx, lifetime, &presented).await?
    {
        return write.done_by_statement(pair);
    }
    let outcome = spend!(ctx, write.or_nothing(), |tx| {
        // The session's lock puts refreshes of one family in a row.
        let select = Entity::find().filter(Column::Uuid.eq(presented.session)).lock_exclusive();
        let session = select.one(tx).await?.ok_or(REFUSED)?;
        // After the lock: in one query with it, PostgreSQL would show the customer as it was before the wait.
        let customer = customer::Entity::find_by_id(session.customer_id).one(tx).await?.ok_or(REFUSED)?;
        let trusted = customer.uuid == presented.account
            && customer.status.is_enabled()
            && customer.token_generation == presented.generation;
        if !trusted || !lifetime.lasts(ctx, session.created_at) {
            return Err(REFUSED.into());
        }
        let Presented { step, hash, .. } = &presented;
        if !is_good(*step, hash, session.refresh_count, session.last_refresh_token.as_ref()) {
            // The end of the session has to be committed, so it is no error inside of the transaction.
            session.clone().delete(tx).await?;
            record_revocation(ctx, tx, &session).await?;
            return Ok(None);
        }
        let session = advance(ctx, tx, session, step + 1, Some(hash.clone())).await?;
        issue(ctx, &customer, &session).map(Some)
    })?;
    let outcome = outcome.something();
    if outcome.is_none() {
        tracing::warn!(customer = %presented.account, "a refresh token came a second time; its session ended");
    }
    outcome.ok_or(REFUSED)
}

/// Advances the session of a good token by one step. The customer is compared in the same statement. A change that disables
/// it or sets its password ends the session, or advances it, so a statement that waited for the change finds nothing.
const REFRESH: &str = r#"
UPDATE "customer_session" AS "session"
SET "refresh_count" = $2 + 1, "last_refresh_token" = $3, "last_used_at" = $4,
    "expires_at" = LEAST($5, "session"."created_at" + $6 * INTERVAL '1 second')
FROM "customer"
WHERE "session"."uuid" = $1
  AND ("session"."refresh_count" = $2
    OR ("session"."refresh_count" = $2 + 1 AND "session"."last_refresh_token" = $3))
  AND "session"."created_at" > $7 AND "session"."created_at" <= $8
  AND "customer"."customer_id" = "session"."customer_id"
  AND "customer"."uuid" = $9 AND "customer"."status" = 1 AND "customer"."token_generation" = $10
RETURNING "customer"."customer_id", "customer"."email", "customer"."full_name", "session"."created_at"
"#;

/// What the statement answers.
#[derive(FromQueryResult)]
struct Refreshed {
    customer_id: i32,
    email: EmailAddress,
    full_name: String,
    created_at: DateTime<Utc>,
}

/// On PostgreSQL, one statement instead of a transaction of five, for a good token. None when the token is not good, or
/// when the database asks to try again; then nothing is changed.
async fn refresh_by_statement(
    ctx: &Ctx,
    lifetime: Lifetime,
    presented: &Presented,
) -> Result<Option<TokenPair>> {
    let db = &ctx.app.db;
    if db.is_embedded() {
        return Ok(None);
    }
    let Presented { account, generation, session, step, hash } = presented;
    let (begun_after, begun_by) = lifetime.begun_between(ctx);
    let values: [Value; 10] = [
        (*session).into(),
        (*step).into(),
        hash.clone().into(),
        ctx.app.clock.now().into(),
        lifetime.refresh_expiry(ctx).into(),
        lifetime.session_seconds().into(),
        begun_after.into(),
        begun_by.into(),
        (*account).into(),
        (*generation).into(),
    ];
    let statement = Statement::from_sql_and_values(db.backend(), REFRESH, values);
    let row = match db.migration_connection().query_one_raw(statement).await {
        Ok(row) => row,
        Err(error) if is_retriable(&error) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(row) = row else { return Ok(None) };
    let Refreshed { customer_id, email, full_name, created_at } = Refreshed::from_query_result(&row, "")?;
    let account = Account::new(customer_id, *account, &email, &full_name);
    let claim = SessionClaim { uuid: *session, ends_at: lifetime.end(created_at), step: step + 1 };
    let subject = Subject { account, generation: *generation };
    token::issue_for_customer(&ctx.app, &subject, claim).map(Some)
}
