//! Logins of customers and admins: rate limits, log lines, the replacement of outdated password hashes, and an error that
//! does not reveal its reason, neither by its message nor by its latency.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use secrecy::SecretString;
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::app::write::Written;
use crate::crypto::password_hasher::{Verdict, Verified};
use crate::db::{NoTransaction, TxResult};
use crate::error::{Error, Result};
use crate::service::account_table::{AccountTable, StoredAccount};
use crate::service::login_attempts::LoginAttempts;
use crate::telemetry::{self, metrics::LoginOutcome};
use crate::transact;
use crate::types::{Audience, EmailAddress, fold};

/// The error for every refused login, whatever the reason.
pub(crate) const WRONG_CREDENTIALS: Error = Error::Unauthenticated("Invalid email or password");

/// A login whose password was verified. It is completed in two steps: [`attempt`](Self::attempt) in the transaction of
/// the request, which then starts a session, and [`finish`](Self::finish) after it.
pub(super) struct Login<A: AccountTable> {
    attempts: LoginAttempts,
    /// The account with the e-mail address, before the transaction.
    found: Option<A::Model>,
    verified: Verified,
}

impl<A: AccountTable> Login<A> {
    /// Finds the account with this e-mail address and verifies the password.
    ///
    /// # Errors
    /// [`Error::RateLimited`] for a network address with too many failed attempts.
    pub(super) async fn start(
        ctx: &Ctx,
        outside: &impl NoTransaction,
        email: &str,
        password: &SecretString,
    ) -> Result<Self> {
        let parsed = A::parse_email(email).ok();
        // An invalid address is counted like an unknown one.
        let key = parsed.as_ref().map_or_else(|| fold(email.trim()), EmailAddress::key);
        let attempts = LoginAttempts::at_login(ctx, A::AUDIENCE, &key);
        attempts.check_address(ctx).await.inspect_err(|error| {
            if matches!(error, Error::RateLimited { .. }) {
                report(ctx, A::AUDIENCE, LoginOutcome::RateLimited, None);
            }
        })?;
        let found = match &parsed {
            Some(email) => A::with_email(email).one(ctx.app.db.reader()).await?,
            None => None,
        };
        let hash = found.as_ref().map(|row| A::account(row).password);
        let verified = ctx.app.hasher.verify(outside, ctx.lane(), password, hash).await?;
        Ok(Self { attempts, found, verified })
    }

    /// Records the attempt. Returns the account and locks it if the login succeeds. A refused login is not an error,
    /// because the failed attempt has to be committed.
    pub(super) async fn attempt(&self, ctx: &Ctx, tx: &impl ConnectionTrait) -> TxResult<Option<A::Model>> {
        let account = self.account().filter(|account| self.verified.verdict.is_match() && account.is_enabled);
        if !self.attempts.record_attempt(ctx, tx, account.is_some()).await? {
            return Ok(None);
        }
        let Some(account) = account else { return Ok(None) };
        // The account may have changed during the hashing. If it did, no token is issued.
        let current = A::find().filter(A::ID.eq(account.id)).lock_exclusive().one(tx).await?;
        Ok(current.filter(|current| A::account(current).accepts_generation(account.token_generation)))
    }

    /// Reports the outcome of the transaction. Replaces the outdated password hash of a successful login. Delays a refused
    /// login: its latency, like its message, is the same for every reason.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if the login was refused.
    pub(super) async fn finish<T: Sync>(
        &self,
        ctx: &Ctx,
        outcome: Written<Option<T>>,
        password: &SecretString,
    ) -> Result<Written<T>> {
        let Some(account) = self.account().filter(|_| outcome.value.is_some()) else {
            return Err(self.reject(ctx, &outcome).await);
        };
        self.report(ctx, LoginOutcome::Accepted);
        if self.verified.verdict == Verdict::Outdated
            && let Err(error) = replace_hash::<A>(ctx, &outcome, account, password).await
        {
            // The login itself succeeded; the next login tries again.
            log_not_replaced(A::AUDIENCE, account.uuid, &error);
        }
        outcome.into_value().ok_or_else(|| Error::internal("a successful login returned nothing"))
    }

    /// Counts the login, and adds its outcome to the log line of the request, with the account if it exists.
    pub(super) fn report(&self, ctx: &Ctx, outcome: LoginOutcome) {
        report(ctx, A::AUDIENCE, outcome, self.account().map(|account| account.uuid));
    }

    async fn reject(&self, ctx: &Ctx, outside: &impl NoTransaction) -> Error {
        report_too_costly(A::AUDIENCE, self.account().map(|account| account.uuid), self.verified);
        self.report(ctx, LoginOutcome::Refused);
        ctx.app.hasher.equalize_latency(outside, self.verified).await;
        WRONG_CREDENTIALS
    }

    fn account(&self) -> Option<StoredAccount<'_>> {
        self.found.as_ref().map(A::account)
    }
}

fn report(ctx: &Ctx, audience: Audience, outcome: LoginOutcome, account: Option<Uuid>) {
    ctx.app.metrics.accounts.login(audience, outcome);
    telemetry::login(audience.name(), outcome.name(), account);
}

/// Stores a current hash of a verified password. The version and the tokens of the account do not change.
async fn replace_hash<A: AccountTable>(
    ctx: &Ctx,
    outside: &impl NoTransaction,
    account: StoredAccount<'_>,
    password: &SecretString,
) -> Result<()> {
    let hash = ctx.app.hasher.rehash(outside, ctx.lane(), password, ctx.app.random.bytes()).await?;
    transact!(ctx.app.db, |tx| {
        let update = A::update_many().col_expr(A::PASSWORD, Expr::val(hash.clone()));
        let update = update.filter(A::ID.eq(account.id));
        // Does not overwrite a password that was changed since the verification.
        update.filter(A::PASSWORD.eq(account.password.clone())).exec(tx).await?;
        Ok(())
    })
}

fn log_not_replaced(audience: Audience, uuid: Uuid, error: &Error) {
    let (admin, customer) = match audience {
        Audience::Admin => (Some(tracing::field::display(uuid)), None),
        Audience::Customer => (None, Some(tracing::field::display(uuid))),
    };
    tracing::warn!(admin, customer, %error, "an old password hash was not replaced");
}

/// Logs an account whose stored password hash costs too much to verify. Every login to it fails.
pub(super) fn report_too_costly(audience: Audience, account: Option<Uuid>, verified: Verified) {
    if let (Some(reason), Some(account)) = (verified.too_costly, account) {
        tracing::warn!(audience = audience.name(), %account, %reason, "the stored password hash costs too much to verify; the password has to be reset");
    }
}
