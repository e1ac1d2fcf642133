//! JSON Web Tokens (RFC 7519), signed with HS256, with the claims of EverShop.
//!
//! Each audience and kind of token has its own keys. A token without a key identifier is verified with each of them.
//!
//! EverShop and patron accept the tokens of one another if they have the same secrets: a token names its account as both do. A
//! token of patron is valid only if its account still has the same token generation. A token of EverShop has none, and is
//! judged by the time at which it was issued ([`VerifiedToken::is_accepted`]).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::crypto::keys::{KeyRing, SigningKey};
use crate::entity::{admin_user, customer};
use crate::error::{Error, Result};
use crate::types::{Audience, EmailAddress, VerifiedToken};

/// The purpose of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Authenticates requests to the API.
    Access,
    /// Obtains new tokens.
    Refresh,
}

/// The claims that describe the account of a new token, by the names of patron and of EverShop. They contain no secrets.
#[derive(Clone, Debug, Serialize)]
pub struct AccountClaims {
    /// The primary key of the account.
    id: i32,
    /// The same, as EverShop names it for customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<i32>,
    /// The same, as EverShop names it for admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_user_id: Option<i32>,
    /// The public identifier, by which the account is found.
    uuid: Uuid,
    email: String,
    full_name: String,
    /// The group of a customer; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<i32>,
    /// Only enabled accounts get tokens.
    status: u8,
    /// What an admin may do: everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'static str>,
}

impl AccountClaims {
    /// Creates the claims from these columns of a customer.
    pub fn of_customer(
        customer_id: i32,
        uuid: Uuid,
        email: &EmailAddress,
        full_name: &str,
        group_id: Option<i32>,
    ) -> Self {
        Self {
            customer_id: Some(customer_id),
            group_id: Some(group_id.unwrap_or(0)),
            ..Self::new(customer_id, uuid, email, full_name)
        }
    }

    /// Creates the claims of an admin.
    fn of_admin(admin: &admin_user::Model) -> Self {
        let id = admin.admin_user_id;
        let claims = Self::new(id, admin.uuid, &admin.email, &admin.full_name);
        Self { admin_user_id: Some(id), roles: Some("*"), ..claims }
    }

    fn new(id: i32, uuid: Uuid, email: &EmailAddress, full_name: &str) -> Self {
        Self {
            id,
            customer_id: None,
            admin_user_id: None,
            uuid,
            email: email.as_str().to_owned(),
            full_name: full_name.to_owned(),
            group_id: None,
            status: 1,
            roles: None,
        }
    }
}

/// The claims of a presented token by which its account is found. EverShop's tokens have fewer claims than patron's.
#[derive(Debug, Deserialize)]
struct ClaimedAccount {
    uuid: Uuid,
    /// What an admin may do. An extension of EverShop may limit it; patron has no such limits.
    roles: Option<String>,
}

impl ClaimedAccount {
    /// Whether the token allows what patron allows to such an account: everything.
    fn is_unlimited(&self) -> bool {
        self.roles.as_deref().is_none_or(|roles| roles == "*")
    }
}

/// The claims of a token. `A` is [`AccountClaims`] for a new token, and [`ClaimedAccount`] for a presented one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenClaims<A> {
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<A>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<A>,
    token_type: Audience,
    token_kind: TokenKind,
    iat: i64,
    exp: i64,
    aud: Audience,
    iss: String,
    jti: Option<Uuid>,
    /// The account's `token_generation`. A token of EverShop has none.
    #[serde(rename = "gen", skip_serializing_if = "Option::is_none")]
    generation: Option<i64>,
    /// The session of the token; a token of EverShop has none.
    #[serde(rename = "sid", skip_serializing_if = "Option::is_none")]
    session: Option<Uuid>,
    /// For refresh tokens: the number of refreshes of the session when the token was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<i64>,
}

/// The session that tokens are issued for.
#[derive(Clone, Copy, Debug)]
pub struct SessionClaim {
    /// The public identifier of the session.
    pub uuid: Uuid,
    /// The end of the session. All its tokens expire at the latest then.
    pub ends_at: DateTime<Utc>,
    /// The number of refreshes of the session.
    pub step: i64,
}

/// The tokens that a login or a refresh returns.
#[derive(Clone)]
pub struct TokenPair {
    /// The token for requests to the API.
    pub access_token: String,
    /// The token for new tokens.
    pub refresh_token: String,
}

impl std::fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenPair(…)")
    }
}

/// The time from which tokens of EverShop are valid if all of them become invalid now. Their time is in whole seconds, so it is
/// the end of the current second. Never before `earlier`, the time of the last such change: another clock may be ahead.
pub(in crate::service) fn valid_from(now: DateTime<Utc>, earlier: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let second = now.trunc_subsecs(0);
    let next = if second == now { now } else { second + TimeDelta::seconds(1) };
    earlier.map_or(next, |earlier| earlier.max(next))
}

/// Issues an access and a refresh token for a session of an admin. Without a session they are valid until they expire,
/// like those of EverShop, and can't be refreshed.
///
/// # Errors
/// [`Error::Internal`] if the key can't sign.
pub fn issue_for_admin(
    app: &App,
    admin: &admin_user::Model,
    session: Option<SessionClaim>,
) -> Result<TokenPair> {
    let account = AccountClaims::of_admin(admin);
    let config = &app.config.tokens;
    let lifetimes = [config.admin_expiry, config.admin_refresh_expiry];
    let subject = Subject { account, generation: admin.token_generation };
    issue(app, Audience::Admin, &subject, session, lifetimes)
}

/// Issues an access and a refresh token for a session of a customer.
///
/// # Errors
/// [`Error::Internal`] if the key can't sign.
pub fn issue_for_customer(app: &App, customer: &Subject, session: SessionClaim) -> Result<TokenPair> {
    let config = &app.config.tokens;
    let lifetimes = [config.customer_expiry, config.customer_refresh_expiry];
    issue(app, Audience::Customer, customer, Some(session), lifetimes)
}

/// The account that tokens are issued to.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The claims that describe the account.
    pub account: AccountClaims,
    /// The account's `token_generation`.
    pub generation: i64,
}

impl Subject {
    /// The subject of a customer's tokens.
    pub fn of(customer: &customer::Model) -> Self {
        let customer::Model { customer_id, uuid, email, full_name, group_id, .. } = customer;
        let account = AccountClaims::of_customer(*customer_id, *uuid, email, full_name, *group_id);
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
        let mut account = subject.account.clone();
        if kind == TokenKind::Refresh {
            // EverShop would refresh it without checking its generation and its session.
            (account.customer_id, account.admin_user_id) = (None, None);
        }
        let account = Some(account);
        let (customer, user) = match audience {
            Audience::Customer => (account, None),
            Audience::Admin => (None, account),
        };
        let claims = TokenClaims {
            customer,
            user,
            token_type: audience,
            token_kind: kind,
            iat: now.timestamp(),
            exp: expires.timestamp(),
            aud: audience,
            iss: app.config.tokens.issuer.clone(),
            jti: Some(app.random.uuid()),
            generation: Some(subject.generation),
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

/// Verifies an access token of either audience. Returns its audience and its claims, or `None` if it is invalid.
///
/// The claims of a token that was verified before are remembered ([`VerifiedTokens`](crate::crypto::verified_tokens)).
pub fn verify_access(app: &App, token: &str) -> Option<(Audience, VerifiedToken)> {
    let known = app.keys.verified.get(token, |verified| is_current(app, verified));
    if known.is_some() {
        return known;
    }
    let key_id = key_id(token)?;
    let audience = match &key_id {
        // The key identifies the audience, so no claim is used before the token is verified.
        Some(id) => [Audience::Customer, Audience::Admin]
            .into_iter()
            .find(|audience| keys(app, *audience, TokenKind::Access).find(id).is_some())?,
        None => claimed_audience(token)?,
    };
    let verified = verify_with_key_id(app, token, key_id.as_deref(), audience, TokenKind::Access)?;
    app.keys.verified.insert(token, audience, verified.clone());
    Some((audience, verified))
}

/// Verifies the signature, algorithm, audience, kind, issuer and expiry of a token. Returns `None` if it is invalid.
pub fn verify(app: &App, token: &str, audience: Audience, kind: TokenKind) -> Option<VerifiedToken> {
    verify_with_key_id(app, token, key_id(token)?.as_deref(), audience, kind)
}

fn verify_with_key_id(
    app: &App,
    token: &str,
    key_id: Option<&str>,
    audience: Audience,
    kind: TokenKind,
) -> Option<VerifiedToken> {
    let keys = keys(app, audience, kind);
    let decode = |key: &SigningKey| {
        jsonwebtoken::decode::<TokenClaims<ClaimedAccount>>(token, &key.decoding, &keys.validation).ok()
    };
    let claims = match key_id {
        Some(id) => decode(keys.find(id)?)?.claims,
        // A token of EverShop, or of a patron release without key identifiers.
        None => keys.all().find_map(decode)?.claims,
    };
    let is_valid = claims.token_type == audience && claims.token_kind == kind;
    let account = match audience {
        Audience::Admin => claims.user,
        Audience::Customer => claims.customer,
    };
    let account = account.filter(|account| is_valid && account.is_unlimited())?;
    let verified = VerifiedToken {
        account: account.uuid,
        generation: claims.generation,
        issued_at: DateTime::from_timestamp_secs(claims.iat)?,
        expires_at: DateTime::from_timestamp_secs(claims.exp)?,
        session: claims.session,
        step: claims.step,
        id: claims.jti,
    };
    Some(verified).filter(|verified| is_current(app, verified))
}

/// Whether a token has not expired. A token from the future was issued by a wrong clock, and would be valid for too long.
fn is_current(app: &App, token: &VerifiedToken) -> bool {
    app.clock.now() < token.expires_at && token.issued_at <= app.clock.latest(TimeDelta::zero())
}

/// The key identifier in the header of a token (RFC 7515 4.1.4), which is optional. The outer `None` is for a text
/// without a valid header.
fn key_id(token: &str) -> Option<Option<String>> {
    #[derive(Deserialize)]
    struct Header {
        kid: Option<String>,
    }
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    Some(serde_json::from_slice::<Header>(&header).ok()?.kid)
}

/// The audience that an unverified token claims. It only selects the keys for the verification.
fn claimed_audience(token: &str) -> Option<Audience> {
    #[derive(Deserialize)]
    struct AudienceClaim {
        aud: Audience,
    }
    Some(jsonwebtoken::dangerous::insecure_decode_claims::<AudienceClaim>(token).ok()?.aud)
}

fn keys(app: &App, audience: Audience, kind: TokenKind) -> &KeyRing {
    match (audience, kind) {
        (Audience::Admin, TokenKind::Access) => &app.keys.admin,
        (Audience::Admin, TokenKind::Refresh) => &app.keys.admin_refresh,
        (Audience::Customer, TokenKind::Access) => &app.keys.customer,
        (Audience::Customer, TokenKind::Refresh) => &app.keys.customer_refresh,
    }
}
