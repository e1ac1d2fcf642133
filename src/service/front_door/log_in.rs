//! The login of customers at the shop's storefront.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::ActiveValue::Set;
use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;

use super::ready::settings;
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::config::FrontDoorConfig;
use crate::db::TxResult;
use crate::entity::customer;
use crate::error::Result;
use crate::service::journal::{self, Change};
use crate::service::login::Login;
use crate::service::shop_session::create::{create, evict, replace};
use crate::service::shop_session::find::public_id;
use crate::spend;
use crate::types::EventKind;

/// The random bytes of a session's identifier, as many as in EverShop's.
const SID_BYTES: usize = 24;

/// A session of the shop that a login has created.
#[derive(Clone)]
pub struct NewShopSession {
    /// Its identifier, which the session cookie holds.
    pub sid: String,
}

impl std::fmt::Debug for NewShopSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewShopSession(…)")
    }
}

/// Logs a customer in at the storefront, by the rules of [`session::log_in`](crate::service::session::log_in). The login has a
/// new session, which replaces the one that the browser had (`earlier`), with its cart.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) and
/// [`Error::RateLimited`](crate::error::Error::RateLimited), as for a login that issues tokens.
pub async fn log_in(
    ctx: &Ctx,
    write: Write<NewShopSession>,
    email: &str,
    password: &SecretString,
    earlier: Option<&str>,
) -> Result<Written<NewShopSession>> {
    let door = settings(&ctx.app)?;
    let login = Login::<customer::Entity>::start(ctx, &write, email, password).await?;
    let outcome = spend!(ctx, write.optional(), |tx| {
        let Some(customer) = login.attempt(ctx, tx).await? else { return Ok(None) };
        start(ctx, tx, door, &customer, earlier).await.map(Some)
    })?;
    // The delay of a refused login comes after the commit.
    login.finish(ctx, outcome, password).await
}

/// Starts a session of a customer, whose row the calling code has locked.
async fn start(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    door: &FrontDoorConfig,
    customer: &customer::Model,
    earlier: Option<&str>,
) -> TxResult<NewShopSession> {
    let (id, now) = (customer.customer_id, ctx.app.clock.now());
    let sid = URL_SAFE_NO_PAD.encode(ctx.app.random.bytes::<SID_BYTES>());
    let mut ended = evict(tx, door, id, now).await?;
    if let Some(earlier) = earlier {
        ended += i64::from(replace(tx, earlier, id, &sid).await?);
    }
    create(tx, door, id, &sid, now).await?;
    let session = public_id(&sid);
    let mut changes = Vec::new();
    if ended > 0 {
        changes.push(Change::event(EventKind::SessionRevoked, customer.uuid, json!({"count": ended})));
    }
    let data = json!({"session": session.to_string()});
    changes.push(Change::event(EventKind::SessionCreated, session, data));
    // A login does not change the customer: version and time of the last change stay as they are.
    let signed_in = customer::ActiveModel { last_sign_in_at: Set(Some(now)), ..Default::default() };
    journal::append_numbered_with(ctx, tx, id, signed_in, changes).await?;
    Ok(NewShopSession { sid })
}
