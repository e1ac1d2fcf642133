//! Settings of tokens: the keys that sign them, and how long they are valid.

use std::time::Duration;

use secrecy::SecretString;

use super::Values;

/// The minimum length of a key for HS256 (RFC 7518 3.2), in bytes.
pub const MIN_SIGNING_SECRET: usize = 32;

/// How tokens are signed, and how long they are valid. Names and defaults of the `JWT_*` settings are EverShop's.
#[derive(Debug)]
pub struct TokenConfig {
    /// `JWT_ADMIN_SECRET`, `JWT_ADMIN_SECRET_PREVIOUS`.
    pub admin: SigningSecrets,
    /// `JWT_ADMIN_REFRESH_SECRET`, `JWT_ADMIN_REFRESH_SECRET_PREVIOUS`.
    pub admin_refresh: SigningSecrets,
    /// `JWT_CUSTOMER_SECRET`, `JWT_CUSTOMER_SECRET_PREVIOUS`.
    pub customer: SigningSecrets,
    /// `JWT_CUSTOMER_REFRESH_SECRET`, `JWT_CUSTOMER_REFRESH_SECRET_PREVIOUS`.
    pub customer_refresh: SigningSecrets,
    /// `PATRON_SEALING_SECRET`: encrypts secrets in the database.
    pub sealing_secret: Option<SecretString>,
    /// `JWT_ADMIN_TOKEN_EXPIRY`: how long an admin's access token is valid.
    pub admin_expiry: Duration,
    /// `JWT_ADMIN_REFRESH_TOKEN_EXPIRY`: how long an admin's refresh token is valid.
    pub admin_refresh_expiry: Duration,
    /// `JWT_CUSTOMER_TOKEN_EXPIRY`: how long a customer's access token is valid.
    pub customer_expiry: Duration,
    /// `JWT_CUSTOMER_REFRESH_TOKEN_EXPIRY`: how long a customer's refresh token is valid.
    pub customer_refresh_expiry: Duration,
    /// `PATRON_ADMIN_SESSION_LIFETIME`: from the login; refreshes do not extend it.
    pub admin_session_lifetime: Duration,
    /// `PATRON_CUSTOMER_SESSION_LIFETIME`: from the login; refreshes do not extend it.
    pub customer_session_lifetime: Duration,
    /// `JWT_ISSUER`: the claim `iss` of all tokens.
    pub issuer: String,
}

/// The keys of one kind of token.
#[derive(Debug)]
pub struct SigningSecrets {
    /// The key that signs; generated into the data folder if it is not set.
    pub current: Option<SecretString>,
    /// A second key that verifies: the one before the current key, or the one after it.
    pub previous: Option<SecretString>,
}

impl TokenConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self {
            admin: v.signing_secrets("JWT_ADMIN_SECRET", "JWT_ADMIN_SECRET_PREVIOUS"),
            admin_refresh: v.signing_secrets("JWT_ADMIN_REFRESH_SECRET", "JWT_ADMIN_REFRESH_SECRET_PREVIOUS"),
            customer: v.signing_secrets("JWT_CUSTOMER_SECRET", "JWT_CUSTOMER_SECRET_PREVIOUS"),
            customer_refresh: v
                .signing_secrets("JWT_CUSTOMER_REFRESH_SECRET", "JWT_CUSTOMER_REFRESH_SECRET_PREVIOUS"),
            sealing_secret: v.signing_secret("PATRON_SEALING_SECRET"),
            admin_expiry: v.seconds("JWT_ADMIN_TOKEN_EXPIRY"),
            admin_refresh_expiry: v.seconds("JWT_ADMIN_REFRESH_TOKEN_EXPIRY"),
            customer_expiry: v.seconds("JWT_CUSTOMER_TOKEN_EXPIRY"),
            customer_refresh_expiry: v.seconds("JWT_CUSTOMER_REFRESH_TOKEN_EXPIRY"),
            admin_session_lifetime: v.seconds("PATRON_ADMIN_SESSION_LIFETIME"),
            customer_session_lifetime: v.seconds("PATRON_CUSTOMER_SESSION_LIFETIME"),
            issuer: v.text("JWT_ISSUER"),
        }
    }
}

impl Values {
    fn signing_secrets(&mut self, current: &'static str, previous: &'static str) -> SigningSecrets {
        if self.sets(previous) && !self.sets(current) {
            self.problem(
                previous,
                format!(
                    "requires {current}; for a generated key, `patron keys rotate` keeps the previous one"
                ),
            );
        }
        SigningSecrets { current: self.signing_secret(current), previous: self.signing_secret(previous) }
    }

    fn signing_secret(&mut self, variable: &'static str) -> Option<SecretString> {
        let secret = self.get(variable)?.to_owned();
        if secret.len() < MIN_SIGNING_SECRET {
            let length = secret.len();
            self.problem(
                variable,
                format!("must be at least {MIN_SIGNING_SECRET} bytes long, but is {length}"),
            );
        }
        Some(secret.into())
    }
}
