//! Sessions: login, refresh, logout. [`admin`] contains the sessions of admins, `family.rs` the rules for both kinds of
//! account, and the other files the sessions of customers.

pub mod admin;
mod end;
mod expiry;
mod family;
mod presented_token;
mod refresh;
pub(super) mod step_up;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

pub(super) use end::end_all_locked;
pub use end::{end, end_all, end_all_of, end_of, revoke};
pub use expiry::delete_expired;
pub(crate) use presented_token::INVALID_REFRESH_TOKEN;
pub use refresh::refresh;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::app::write::{Write, Written};
use crate::db::{BackgroundJob, TxResult};
use crate::entity::customer;
use crate::entity::customer_session::{self, Entity, Model};
use crate::error::Result;
use crate::service::journal::{self, Change};
use crate::service::login::Login;
use crate::service::token::{self, SessionClaim, Subject, TokenPair};
use crate::spend;
use crate::types::{EventKind, PasswordHash, TokenHash};

use end::record_revocations;
use family::Lifetime;

/// Logs a customer in. A password hash of another system, or with outdated cost parameters, is replaced.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) for an unknown address, a wrong password, a disabled
/// customer, or an account that is blocked after failed login attempts. The message and the duration are the same in all
/// cases. [`Error::RateLimited`](crate::error::Error::RateLimited) for a network address with too many failed attempts.
pub async fn log_in(
    ctx: &Ctx,
    write: Write<TokenPair>,
    email: &str,
    password: &SecretString,
) -> Result<Written<TokenPair>> {
    let login = Login::<customer::Entity>::start(ctx, &write, email, password).await?;
    let outcome = spend!(ctx, write.optional(), |tx| {
        let Some(customer) = login.attempt(ctx, tx).await? else { return Ok(None) };
        let evicted = family::evict_oldest::<Entity>(ctx, tx, customer.customer_id).await?;
        record_revocations(ctx, tx, customer.customer_id, evicted).await?;
        start(ctx, tx, &customer).await.map(Some)
    })?;
    // The delay of a refused login comes after the commit.
    login.finish(ctx, outcome, password).await
}

/// Measures the duration of verifying an outdated hash, if there are any, so that failed logins have the same latency
/// from the start. Needed once per start of the program.
///
/// # Errors
/// [`Error::Unavailable`](crate::error::Error::Unavailable) if the hashing queue is full.
pub async fn estimate_old_hashes(ctx: &AdminCtx) -> Result<()> {
    let mut old = customer::Entity::find().select_only();
    // Customers that were invited have no password.
    old = old.filter(customer::Column::Password.ne(""));
    for prefix in ctx.app.hasher.current_prefixes() {
        old = old.filter(customer::Column::Password.not_like(format!("{prefix}%")));
    }
    // Several, because some of them may cost too much to verify.
    let old = old.column(customer::Column::Password).limit(100).into_tuple::<PasswordHash>();
    for hash in old.all(ctx.app.db.reader()).await? {
        if ctx.app.hasher.estimate(&BackgroundJob, &hash).await? {
            break;
        }
    }
    Ok(())
}

/// Starts a session and issues its first tokens.
async fn start(ctx: &Ctx, tx: &impl ConnectionTrait, customer: &customer::Model) -> TxResult<TokenPair> {
    let now = ctx.app.clock.now();
    let session = customer_session::ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        customer_id: Set(customer.customer_id),
        user_agent: Set(ctx.client_name()),
        ip_address: Set(ctx.ip.map(|ip| ip.to_string())),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(Lifetime::of_customers(ctx)?.expiry(ctx, now)),
        sign_in_recorded: Set(true),
        ..Default::default()
    };
    let session = session.insert(tx).await?;
    let data = json!({"session": session.uuid.to_string()});
    let created = Change::event(EventKind::SessionCreated, session.uuid, data);
    // A login does not change the customer: version and time of the last change stay as they are.
    let signed_in = customer::ActiveModel { last_sign_in_at: Set(Some(now)), ..Default::default() };
    journal::append_numbered_with(ctx, tx, customer.customer_id, signed_in, vec![created]).await?;
    issue(ctx, customer, &session)
}

/// Issues new tokens for a session after a change of the password has invalidated all its tokens. Starts a session if
/// there is none, as for a request with a token of EverShop.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the session has ended since the request began.
pub(super) async fn continue_session(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &customer::Model,
    session: Option<Uuid>,
) -> TxResult<TokenPair> {
    let session = family::lock_current::<Entity>(tx, customer.customer_id, session).await?;
    let lifetime = Lifetime::of_customers(ctx)?;
    let Some(session) = session.filter(|session| lifetime.lasts(ctx, session.created_at)) else {
        return start(ctx, tx, customer).await;
    };
    // The earlier tokens are invalid, because they have an earlier generation.
    let next = session.refresh_count + 1;
    let session = advance(ctx, tx, session, next, None).await?;
    issue(ctx, customer, &session)
}

/// Records a refresh by a token with the hash `used`, and extends the session by the lifetime of a refresh token, up to
/// its end.
async fn advance(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    session: Model,
    refresh_count: i64,
    used: Option<TokenHash>,
) -> TxResult<Model> {
    let expires_at = Lifetime::of_customers(ctx)?.expiry(ctx, session.created_at);
    let mut session = session.into_active_model();
    session.last_used_at = Set(ctx.app.clock.now());
    session.expires_at = Set(expires_at);
    session.refresh_count = Set(refresh_count);
    session.last_refresh_token = Set(used);
    Ok(session.update(tx).await?)
}

/// The sessions of these customers. The calling code has to authorize the caller for the customers.
pub async fn of_customers(ctx: &Ctx, customer_ids: &[i32]) -> Result<Vec<Model>> {
    let clock = &ctx.app.clock;
    let select = Entity::find_by_customers(customer_ids, clock.now(), clock.latest(TimeDelta::zero()));
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// Issues tokens for the session's current step.
fn issue(ctx: &Ctx, customer: &customer::Model, session: &Model) -> TxResult<TokenPair> {
    let ends_at = Lifetime::of_customers(ctx)?.end(session.created_at);
    let claim = SessionClaim { uuid: session.uuid, ends_at, step: session.refresh_count };
    Ok(token::issue_for_customer(&ctx.app, &Subject::of(customer), claim)?)
}
