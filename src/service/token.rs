//! JSON Web Tokens (RFC 7519), signed with HS256, with the claims that EverShop writes.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::entity::admin_user;
use crate::error::{Error, Result};
use crate::keys::Key;

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
pub enum Kind {
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

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<Account>,
    token_type: Audience,
    token_kind: Kind,
    iat: i64,
    exp: i64,
    aud: Audience,
    iss: String,
    #[serde(default)]
    jti: Option<Uuid>,
    /// The account's `token_generation`. A token without one is EverShop's own, and as good as those of an
    /// account that never changed.
    #[serde(default, rename = "gen")]
    generation: i32,
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
    pub generation: i32,
}

/// Issues an access and a refresh token for an admin.
///
/// # Errors
/// A key that can't sign; a defect.
pub fn issue_for_admin(app: &App, admin: &admin_user::Model) -> Result<TokenPair> {
    let account = Account {
        id: admin.admin_user_id,
        uuid: admin.uuid,
        email: admin.email.as_str().to_owned(),
        full_name: admin.full_name.clone(),
    };
    let tokens = &app.config.tokens;
    let now = app.clock.now();
    let issue = |kind, lifetime: std::time::Duration| {
        let expires = now + TimeDelta::from_std(lifetime).map_err(Error::internal)?;
        let claims = Claims {
            customer: None,
            user: Some(account.clone()),
            token_type: Audience::Admin,
            token_kind: kind,
            iat: now.timestamp(),
            exp: expires.timestamp(),
            aud: Audience::Admin,
            iss: tokens.issuer.clone(),
            jti: Some(app.random.uuid()),
            generation: admin.token_generation,
        };
        let key = key(app, Audience::Admin, kind).ok_or_else(|| Error::internal("no such key"))?;
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key.encoding).map_err(Error::internal)
    };
    Ok(TokenPair {
        access_token: issue(Kind::Access, tokens.admin_expiry)?,
        refresh_token: issue(Kind::Refresh, tokens.admin_refresh_expiry)?,
    })
}

/// Checks signature, algorithm, audience, kind, issuer and expiry.
pub fn verify(app: &App, token: &str, audience: Audience, kind: Kind) -> Option<Verified> {
    // The algorithm is pinned: `none`, or a public key taken for a secret, never verifies.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[match audience {
        Audience::Admin => "admin",
        Audience::Customer => "customer",
    }]);
    validation.set_issuer(&[&app.config.tokens.issuer]);
    // Against our clock, below.
    validation.validate_exp = false;
    let key = key(app, audience, kind)?;
    let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).ok()?.claims;
    let expires = DateTime::<Utc>::from_timestamp_secs(claims.exp)?;
    let fits = claims.token_type == audience && claims.token_kind == kind && app.clock.now() < expires;
    let account = match audience {
        Audience::Admin => claims.user,
        Audience::Customer => claims.customer,
    };
    account.filter(|_| fits).map(|account| Verified { account, generation: claims.generation })
}

fn key(app: &App, audience: Audience, kind: Kind) -> Option<&Key> {
    match (audience, kind) {
        (Audience::Admin, Kind::Access) => Some(&app.keys.admin),
        (Audience::Admin, Kind::Refresh) => Some(&app.keys.admin_refresh),
        (Audience::Customer, Kind::Access) => Some(&app.keys.customer),
        // Customers get refresh tokens when they can log in.
        (Audience::Customer, Kind::Refresh) => None,
    }
}
