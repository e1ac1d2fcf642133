//! The kinds of tokens that have their own keys, and the settings of each.

use crate::config::{SigningSecrets, TokenConfig};
use crate::types::Audience;

/// The file of the generated key that encrypts secrets in the database.
pub(super) const SEALING_FILE: &str = "sealing_secret";
/// The variable that sets this key.
pub(super) const SEALING_VARIABLE: &str = "PATRON_SEALING_SECRET";

/// The settings of the keys of one kind of token.
pub(super) struct KeyKind {
    /// The variable that sets the current key.
    pub(super) variable: &'static str,
    /// The file of the generated key. The file of the previous key has the suffix `_previous`.
    pub(super) file: &'static str,
    pub(super) audience: Audience,
    pub(super) secrets: fn(&TokenConfig) -> &SigningSecrets,
    pub(super) lifetime: fn(&TokenConfig) -> std::time::Duration,
}

pub(super) const ADMIN: KeyKind = KeyKind {
    variable: "JWT_ADMIN_SECRET",
    file: "jwt_admin_secret",
    audience: Audience::Admin,
    secrets: |config| &config.admin,
    lifetime: |config| config.admin_expiry,
};
pub(super) const ADMIN_REFRESH: KeyKind = KeyKind {
    variable: "JWT_ADMIN_REFRESH_SECRET",
    file: "jwt_admin_refresh_secret",
    audience: Audience::Admin,
    secrets: |config| &config.admin_refresh,
    lifetime: |config| config.admin_refresh_expiry,
};
pub(super) const CUSTOMER: KeyKind = KeyKind {
    variable: "JWT_CUSTOMER_SECRET",
    file: "jwt_customer_secret",
    audience: Audience::Customer,
    secrets: |config| &config.customer,
    lifetime: |config| config.customer_expiry,
};
pub(super) const CUSTOMER_REFRESH: KeyKind = KeyKind {
    variable: "JWT_CUSTOMER_REFRESH_SECRET",
    file: "jwt_customer_refresh_secret",
    audience: Audience::Customer,
    secrets: |config| &config.customer_refresh,
    lifetime: |config| config.customer_refresh_expiry,
};
