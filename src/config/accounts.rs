//! Settings of accounts: confirmation of e-mail addresses, mailed links, limits of login attempts, second factors, and the
//! first admin.

use std::time::Duration;

use super::Values;
use crate::types::{EmailAddress, Password};

/// E-mail verification, mailed links and limits of login attempts.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// `PATRON_EMAIL_VERIFICATION`: whether a new e-mail address has to be confirmed by a mailed link.
    pub email_verification: bool,
    /// `PATRON_VERIFY_EMAIL_EXPIRY`: how long that link is valid.
    pub verify_email_expiry: Duration,
    /// `PATRON_RESET_PASSWORD_EXPIRY`: how long a link to set a new password is valid.
    pub reset_password_expiry: Duration,
    /// `PATRON_RATE_LIMITS`: whether rate limits apply.
    pub rate_limits: bool,
    /// `PATRON_FAILURES_PER_ADDRESS`: failed login attempts and requests for mail in 15 minutes from one network address.
    pub failures_per_address: u32,
    /// `PATRON_REGISTRATIONS_PER_ADDRESS`: registrations in 15 minutes from one network address.
    pub registrations_per_address: u32,
    /// `PATRON_ADMIN_SECOND_FACTOR`: whether every admin needs a second factor.
    pub admin_second_factor: SecondFactorPolicy,
}

/// Whether admins need a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorPolicy {
    /// Each admin decides.
    Optional,
    /// An admin without one can do nothing but set it up.
    Required,
}

/// The admin that the first start creates.
#[derive(Debug)]
pub struct FirstAdmin {
    /// `PATRON_ADMIN_EMAIL`.
    pub email: EmailAddress,
    /// `PATRON_ADMIN_PASSWORD`.
    pub password: Password,
}

impl AccountConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        Self {
            email_verification: v.switch("PATRON_EMAIL_VERIFICATION"),
            verify_email_expiry: v.seconds("PATRON_VERIFY_EMAIL_EXPIRY"),
            reset_password_expiry: v.seconds("PATRON_RESET_PASSWORD_EXPIRY"),
            rate_limits: v.switch("PATRON_RATE_LIMITS"),
            failures_per_address: v.at_least("PATRON_FAILURES_PER_ADDRESS", 1),
            registrations_per_address: v.at_least("PATRON_REGISTRATIONS_PER_ADDRESS", 1),
            admin_second_factor: SecondFactorPolicy::from_values(v),
        }
    }
}

impl SecondFactorPolicy {
    fn from_values(v: &mut Values) -> Self {
        match v.text("PATRON_ADMIN_SECOND_FACTOR").as_str() {
            "optional" => Self::Optional,
            "required" => Self::Required,
            other => {
                v.problem("PATRON_ADMIN_SECOND_FACTOR", format!("`{other}` is not optional or required"));
                Self::Required
            }
        }
    }
}

impl FirstAdmin {
    pub(super) fn from_values(v: &mut Values) -> Option<Self> {
        let (email, password) = (v.get("PATRON_ADMIN_EMAIL"), v.get("PATRON_ADMIN_PASSWORD"));
        let (email, password) = match (email, password) {
            (None, None) => return None,
            (Some(email), Some(password)) => (email.to_owned(), password.to_owned()),
            (Some(_), None) => {
                v.problem("PATRON_ADMIN_PASSWORD", "must be set when PATRON_ADMIN_EMAIL is");
                return None;
            }
            (None, Some(_)) => {
                v.problem("PATRON_ADMIN_EMAIL", "must be set when PATRON_ADMIN_PASSWORD is");
                return None;
            }
        };
        let password = Password::new(password.into())
            .map_err(|weak| v.problem("PATRON_ADMIN_PASSWORD", weak.to_string()));
        let email = EmailAddress::parse_local(&email).map_err(|_| {
            v.problem("PATRON_ADMIN_EMAIL", format!("`{email}` is not an e-mail address"));
        });
        Some(Self { email: email.ok()?, password: password.ok()? })
    }
}
