//! The common steps of the logins of customers and admins: rate limits, log lines, and an error that does not reveal
//! its reason, neither by its message nor by its latency.

use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::crypto::password_hasher::Verified;
use crate::db::NoTransaction;
use crate::error::{Error, Result};
use crate::service::throttle::LoginAttempts;
use crate::types::{EmailAddress, InvalidEmail, fold};

/// A login request.
#[derive(Debug)]
pub(super) struct Login {
    audience: &'static str,
    /// `None` if the request contains no valid e-mail address.
    pub(super) email: Option<EmailAddress>,
    pub(super) attempts: LoginAttempts,
}

impl Login {
    /// Starts a login. `audience` is `admin` or `customer`; `parse` parses the e-mail addresses of that audience.
    ///
    /// # Errors
    /// [`Error::RateLimited`] for a network address with too many failed attempts.
    pub(super) async fn start(
        ctx: &Ctx,
        audience: &'static str,
        email: &str,
        parse: fn(&str) -> std::result::Result<EmailAddress, InvalidEmail>,
    ) -> Result<Self> {
        let parsed = parse(email).ok();
        // An invalid address is counted like an unknown one.
        let key = parsed.as_ref().map_or_else(|| fold(email.trim()), EmailAddress::key);
        let attempts = LoginAttempts::at_login(ctx, audience, &key);
        attempts.check_address(ctx).await?;
        Ok(Self { audience, email: parsed, attempts })
    }

    /// Logs a successful login.
    pub(super) fn log_success(&self, account: Uuid) {
        tracing::info!(audience = self.audience, %account, "logged in");
    }

    /// Logs a failed login and returns its error. The message and the latency are the same for every reason. The log
    /// line contains the account, if it exists.
    pub(super) async fn reject(
        &self,
        ctx: &Ctx,
        outside: &impl NoTransaction,
        account: Option<Uuid>,
        verified: Verified,
    ) -> Error {
        report_too_costly(self.audience, account, verified);
        let account = account.map(tracing::field::display);
        tracing::info!(audience = self.audience, account, "a login was refused");
        ctx.app.hasher.equalize_latency(outside, verified).await;
        Error::Unauthenticated("Invalid email or password")
    }
}

/// Logs an account whose stored password hash costs too much to verify. Every login to it fails.
pub(super) fn report_too_costly(audience: &str, account: Option<Uuid>, verified: Verified) {
    if let (Some(reason), Some(account)) = (verified.too_costly, account) {
        tracing::warn!(audience, %account, %reason, "the stored password hash costs too much to verify; the password has to be reset");
    }
}
