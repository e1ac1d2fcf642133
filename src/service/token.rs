//! JSON Web Tokens (RFC 7519), signed with HS256, with the claims that EverShop writes.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::crypto::keys::{KeyRing, SigningKey};
use crate::entity::{admin_user, customer};
use crate::error::{Error, Result};
use crate::types::EmailAddress;

/// Whose token it is. Each audience, and each kind, has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// The back office.
    Admin,
    /// The storefront.
    Customer,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Calling the API.
    Access,
    /// Getting new tokens.
    Refresh,
}

/// An account, as a token describes it; no secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Primary key.
    pub id: i32,
    /// Public identifier; what the account is looked up by.
    pub uuid: Uuid,
    /// E-mail address when the token was issued.
    pub email: String,
    /// Name when the token was issued.
    pub full_name: String,
}

impl Account {
    /// As tokens describe the account with these columns.
    pub fn new(id: i32, uuid: Uuid, email: &EmailAddress, full_name: &str) -> Self {
        Self { id, uuid, email: email.as_str().to_owned(), full_name: full_name.to_owned() }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<Account>,
    token_type: Audience,
    token_kind: TokenKind,
    iat: i64,
    exp: i64,
    aud: Audience,
    iss: String,
    #[serde(default)]
    jti: Option<Uuid>,
    /// The account's `token_generation`. A token without one is EverShop's own, and as good as those of an
    /// account that never changed.
    #[serde(default, rename = "gen")]
    generation: i64,
    /// The session it belongs to; EverShop's own tokens have none.
    #[serde(default, rename = "sid", skip_serializing_if = "Option::is_none")]
    session: Option<Uuid>,
    /// On refresh tokens: how many times the session had been refreshed when it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<i64>,
}

/// The session that tokens are issued for.
#[derive(Clone, Copy, Debug)]
pub struct SessionClaim {
    /// Its public identifier.
    pub uuid: Uuid,
    /// When it ends: no token of it lasts longer.
    pub ends_at: DateTime<Utc>,
    /// How many times it was refreshed.
    pub step: i64,
}

/// What `POST /api/user/tokens` and its kin answer with.
#[derive(Clone)]
pub struct TokenPair {
    /// Calls the API.
    pub access_token: String,
    /// Gets new tokens.
    pub refresh_token: String,
}

impl std::fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenPair(…)")
    }
}

/// A token that was signed by us, for this audience and kind, and has not expired. Whether its account
/// still stands behind it is for the caller to check.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The account as it was.
    pub account: Account,
    /// The account's `token_generation` as it was.
    pub generation: i64,
    /// The session it belongs to.
    pub session: Option<Uuid>,
    /// On refresh tokens: how many times the session had been refreshed when it was issued.
    pub step: Option<i64>,
    /// Its own identifier (`jti`).
    pub id: Option<Uuid>,
}

/// Issues an access and a refresh token for a session of an admin. Without a session they are as those of EverShop: good
/// until they expire, and for no refresh.
///
/// # Errors
/// A key that can't sign; a defect.
pub fn issue_for_admin(
    app: &App,
    admin: &admin_user::Model,
    session: Option<SessionClaim>,
) -> Result<TokenPair> {
    let account = Account::new(admin.admin_user_id, admin.uuid, &admin.email, &admin.full_name);
    let config = &app.config.tokens;
    let lifetimes = [config.admin_expiry, config.admin_refresh_expiry];
    let subject = Subject { account, generation: admin.token_generation };
    issue(app, Audience::Admin, &subject, session, lifetimes)
}

/// Issues an access and a refresh token for a session of a customer.
///
/// # Errors
/// A key that can't sign; a defect.
pub fn issue_for_customer(app: &App, customer: &Subject, session: SessionClaim) -> Result<TokenPair> {
    let config = &app.config.tokens;
    let lifetimes = [config.customer_expiry, config.customer_refresh_expiry];
    issue(app, Audience::Customer, customer, Some(session), lifetimes)
}

/// The account that tokens are issued to.
#[derive(Clone, Debug)]
pub struct Subject {
    /// As tokens describe it.
    pub account: Account,
    /// Its `token_generation`.
    pub generation: i64,
}

impl Subject {
    /// A customer.
    pub fn of(customer: &customer::Model) -> Self {
        let account = Account::new(customer.customer_id, customer.uuid, &customer.email, &customer.full_name);
        Self { account, generation: customer.token_generation }
    }
}

fn issue(
    app: &App,
    audience: Audience,
    subject: &Subject,
    session: Option<SessionClaim>,
    [access, refresh]: [Duration; 2],
) -> Result<TokenPair> {
    let now = app.clock.now();
    let sign = |kind, lifetime: Duration| {
        let expires = now + TimeDelta::from_std(lifetime).map_err(Error::internal)?;
        let expires = session.map_or(expires, |session| expires.min(session.ends_at));
        let account = Some(subject.account.clone());
        let (customer, user) = match audience {
            Audience::Customer => (account, None),
            Audience::Admin => (None, account),
        };
        let claims = Claims {
            customer,
            user,
            token_type: audience,
            token_kind: kind,
            iat: now.timestamp(),
            exp: expires.timestamp(),
            aud: audience,
            iss: app.config.tokens.issuer.clone(),
            jti: Some(app.random.uuid()),
            generation: subject.generation,
            session: session.map(|session| session.uuid),
            step: session.filter(|_| kind == TokenKind::Refresh).map(|session| session.step),
        };
        let key = &keys(app, audience, kind).current;
        jsonwebtoken::encode(&key.header, &claims, &key.encoding).map_err(Error::internal)
    };
    Ok(TokenPair {
        access_token: sign(TokenKind::Access, access)?,
        refresh_token: sign(TokenKind::Refresh, refresh)?,
    })
}

/// Whose access token it is, and what it says, when it is one that [`verify`] takes.
pub fn verify_access(app: &App, token: &str) -> Option<(Audience, Verified)> {
    let key_id = key_id(token)?;
    let audience = match &key_id {
        // The name of the key tells, so the claims need not be looked at before they are verified.
        Some(id) => [Audience::Customer, Audience::Admin]
            .into_iter()
            .find(|audience| keys(app, *audience, TokenKind::Access).named(id).is_some())?,
        None => claimed_audience(token)?,
    };
    Some((audience, verify_named(app, token, key_id.as_deref(), audience, TokenKind::Access)?))
}

/// Checks signature, algorithm, audience, kind, issuer and expiry.
pub fn verify(app: &App, token: &str, audience: Audience, kind: TokenKind) -> Option<Verified> {
    verify_named(app, token, key_id(token)?.as_deref(), audience, kind)
}

fn verify_named(
    app: &App,
    token: &str,
    key_id: Option<&str>,
    audience: Audience,
    kind: TokenKind,
) -> Option<Verified> {
    let keys = keys(app, audience, kind);
    let decode =
        |key: &SigningKey| jsonwebtoken::decode::<Claims>(token, &key.decoding, &keys.validation).ok();
    let claims = match key_id {
        Some(id) => decode(keys.named(id)?)?.claims,
        // EverShop's own, and ours of before keys had names.
        None => keys.all().find_map(decode)?.claims,
    };
    let expires = DateTime::<Utc>::from_timestamp_secs(claims.exp)?;
    let issued = DateTime::<Utc>::from_timestamp_secs(claims.iat)?;
    // One from the future was issued while a clock was wrong: it would outlive its time by as much.
    let lasts = app.clock.now() < expires && issued <= app.clock.latest(TimeDelta::zero());
    let fits = claims.token_type == audience && claims.token_kind == kind && lasts;
    let account = match audience {
        Audience::Admin => claims.user,
        Audience::Customer => claims.customer,
    };
    account.filter(|_| fits).map(|account| Verified {
        account,
        generation: claims.generation,
        session: claims.session,
        step: claims.step,
        id: claims.jti,
    })
}

/// The name of the key that it says it was signed with (RFC 7515 4.1.4), when it says so; none at all for what has no
/// header.
fn key_id(token: &str) -> Option<Option<String>> {
    #[derive(Deserialize)]
    struct Header {
        kid: Option<String>,
    }
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    Some(serde_json::from_slice::<Header>(&header).ok()?.kid)
}

/// Whose token it says it is. Nothing is verified yet: this only tells the keys to verify it with.
fn claimed_audience(token: &str) -> Option<Audience> {
    #[derive(Deserialize)]
    struct Claim {
        aud: Audience,
    }
    Some(jsonwebtoken::dangerous::insecure_decode_claims::<Claim>(token).ok()?.aud)
}

fn keys(app: &App, audience: Audience, kind: TokenKind) -> &KeyRing {
    match (audience, kind) {
        (Audience::Admin, TokenKind::Access) => &app.keys.admin,
        (Audience::Admin, TokenKind::Refresh) => &app.keys.admin_refresh,
        (Audience::Customer, TokenKind::Access) => &app.keys.customer,
        (Audience::Customer, TokenKind::Refresh) => &app.keys.customer_refresh,
    }
}
