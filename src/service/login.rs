//! Logging in, as far as it is the same for customers and admins.

use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::crypto::password_hasher::Verified;
use crate::db::NoTransaction;
use crate::error::{Error, Result};
use crate::service::throttle::LoginAttempts;
use crate::types::{EmailAddress, InvalidEmail, fold};

/// Somebody who wants to log in.
#[derive(Debug)]
pub(super) struct Login {
    audience: &'static str,
    /// Whose password is given; none when it is no address.
    pub(super) email: Option<EmailAddress>,
    /// What was tried before.
    pub(super) attempts: LoginAttempts,
}

impl Login {
    /// `audience` is `admin` or `customer`; `parse` reads addresses as those are stored.
    ///
    /// # Errors
    /// [`Error::RateLimited`] for a network address from which too much failed.
    pub(super) async fn begin(
        ctx: &Ctx,
        audience: &'static str,
        email: &str,
        parse: fn(&str) -> std::result::Result<EmailAddress, InvalidEmail>,
    ) -> Result<Self> {
        let parsed = parse(email).ok();
        // What is no address is counted as one that nobody has.
        let key = parsed.as_ref().map_or_else(|| fold(email.trim()), EmailAddress::key);
        let attempts = LoginAttempts::at_login(ctx, audience, &key);
        attempts.ensure_address_is_welcome(ctx).await?;
        Ok(Self { audience, email: parsed, attempts })
    }

    /// Says in the log who logged in.
    pub(super) fn passed(&self, account: Uuid) {
        tracing::info!(audience = self.audience, %account, "logged in");
    }

    /// What is answered to whoever may not, in the same words and after the same time whatever the reason. The log says
    /// at whose account it was, when somebody has it.
    pub(super) async fn refused(
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

/// Says in the log whose stored hash costs too much to be verified: nobody gets in with it.
pub(super) fn report_too_costly(audience: &str, account: Option<Uuid>, verified: Verified) {
    if let (Some(reason), Some(account)) = (verified.too_costly, account) {
        tracing::warn!(audience, %account, %reason, "the stored password hash costs too much to verify; the password has to be reset");
    }
}
