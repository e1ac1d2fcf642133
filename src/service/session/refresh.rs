//! Refresh of a customer's session, with rotation of refresh tokens.
//!
//! A refresh token is valid for one refresh, whose response contains the next one. All refresh tokens of a session are
//! a token family. Reuse of a refresh token means that it was stolen: either the thief or the owner uses it second. The
//! session then ends for both (RFC 9700 4.14.2).
//!
//! Two cases are not theft: two browser tabs refresh concurrently, or a response is lost and the client retries. In
//! both cases no token that was issued for the refresh token has been used, so the refresh token is accepted again.
//! Only one of the tokens that were issued for the same token can be used. After that the others, and the token itself,
//! are superseded: they get 401, and the session ends. (Tabs share their storage, so each continues with the last
//! stored token.)
//!
//! Only the row of the session is stored. A token is signed and contains its step: the number of refreshes of the
//! session when it was issued. The row contains the number of refreshes and the hash of the last used token. So any
//! number of tokens can be valid for the same step, and every older token is recognized as superseded.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QuerySelect, Statement, Value};

use super::end::delete_session;
use super::family::{Lifetime, may_refresh};
use super::presented_token::{INVALID_REFRESH_TOKEN, PresentedToken};
use super::{advance, issue};
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::entity::customer_session::Entity;
use crate::entity::{PublicId, customer};
use crate::error::{Result, is_retriable};
use crate::service::account_table::AccountTable;
use crate::service::token::{self, AccountClaims, SessionClaim, Subject, TokenPair};
use crate::spend;
use crate::types::{Audience, EmailAddress};

/// Issues new tokens for a refresh token.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the token is invalid or expired, its session has
/// ended, or it was superseded. In the last case the session ends.
pub async fn refresh(ctx: &Ctx, write: Write<TokenPair>, refresh_token: &str) -> Result<Written<TokenPair>> {
    let presented =
        PresentedToken::verify(ctx, refresh_token, Audience::Customer).ok_or(INVALID_REFRESH_TOKEN)?;
    let lifetime = Lifetime::of_customers(ctx)?;
    // With an idempotency key, the response has to be stored in the same transaction.
    if !write.is_keyed()
        && let Some(pair) = refresh_by_statement(ctx, lifetime, &presented).await?
    {
        return write.committed_by_statement(pair);
    }
    let outcome = spend!(ctx, write.optional(), |tx| {
        // The session's lock serializes the refreshes of a token family.
        let select = Entity::find_by_public_id(presented.session).lock_exclusive();
        let session = select.one(tx).await?.ok_or(INVALID_REFRESH_TOKEN)?;
        // A separate query after the lock: in the same query, PostgreSQL would return the customer before the wait.
        let customer =
            customer::Entity::find_by_id(session.customer_id).one(tx).await?.ok_or(INVALID_REFRESH_TOKEN)?;
        let is_accepted = presented.is_accepted_by(customer::Entity::account(&customer));
        if !is_accepted || !lifetime.lasts(ctx, session.created_at) {
            return Err(INVALID_REFRESH_TOKEN.into());
        }
        let PresentedToken { step, hash, .. } = &presented;
        if !may_refresh(*step, hash, session.refresh_count, session.last_refresh_token.as_ref()) {
            // Not an error inside the transaction, because the end of the session has to be committed.
            delete_session(ctx, tx, &session).await?;
            return Ok(None);
        }
        let session = advance(ctx, tx, session, step + 1, Some(hash.clone())).await?;
        issue(ctx, &customer, &session).map(Some)
    })?;
    let outcome = outcome.into_value();
    if outcome.is_none() {
        tracing::warn!(customer = %presented.account, "refresh token reused; session revoked");
    }
    outcome.ok_or(INVALID_REFRESH_TOKEN)
}

/// Advances the session of a valid token by one step. The statement checks the customer as well. A change that disables
/// the customer or sets its password ends or advances the session, so a statement that waited for such a change updates
/// no row.
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
RETURNING "customer"."customer_id", "customer"."email", "customer"."full_name", "customer"."group_id",
    "session"."created_at"
"#;

/// The row that [`REFRESH`] returns.
#[derive(FromQueryResult)]
struct RefreshedRow {
    customer_id: i32,
    email: EmailAddress,
    full_name: String,
    group_id: Option<i32>,
    created_at: DateTime<Utc>,
}

/// The fast path for a valid token on PostgreSQL: one statement instead of a transaction of five. Returns `None`, and
/// changes nothing, if the token is not valid or the database reports a retriable error.
async fn refresh_by_statement(
    ctx: &Ctx,
    lifetime: Lifetime,
    presented: &PresentedToken,
) -> Result<Option<TokenPair>> {
    let db = &ctx.app.db;
    if db.is_embedded() {
        return Ok(None);
    }
    let PresentedToken { account, generation, session, step, hash } = presented;
    let (created_after, created_until) = lifetime.created_between(ctx);
    let values: [Value; 10] = [
        (*session).into(),
        (*step).into(),
        hash.clone().into(),
        ctx.app.clock.now().into(),
        lifetime.refresh_expiry(ctx).into(),
        lifetime.session_seconds().into(),
        created_after.into(),
        created_until.into(),
        (*account).into(),
        (*generation).into(),
    ];
    let statement = Statement::from_sql_and_values(db.backend(), REFRESH, values);
    let row = match db.writer().query_one_raw(statement).await {
        Ok(row) => row,
        Err(error) if is_retriable(&error) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(row) = row else { return Ok(None) };
    let row = RefreshedRow::from_query_result(&row, "")?;
    let RefreshedRow { customer_id, email, full_name, group_id, created_at } = row;
    let account = AccountClaims::of_customer(customer_id, *account, &email, &full_name, group_id);
    let claim = SessionClaim { uuid: *session, ends_at: lifetime.end(created_at), step: step + 1 };
    let subject = Subject { account, generation: *generation };
    token::issue_for_customer(&ctx.app, &subject, claim).map(Some)
}
