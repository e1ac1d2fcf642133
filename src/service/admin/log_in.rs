//! The sign-in of admins: with the password, and then with a code if the admin has a second factor.

use secrecy::SecretString;

use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::entity::admin_user::Entity;
use crate::error::{Error, Result};
use crate::service::login::Login;
use crate::service::second_factor::{CodeCheck, check_at_login};
use crate::service::session;
use crate::service::token::TokenPair;
use crate::spend;
use crate::telemetry::metrics::LoginOutcome;

/// Why a sign-in was refused. Its attempt is committed.
enum SignInRefusal {
    Credentials,
    CodeMissing,
    CodeRefused,
}

/// Logs an admin in. A code is requested only after the right password, so that an attacker does not learn which admins have
/// a second factor.
///
/// # Errors
/// The same as for customers, [`session::log_in`]. If the admin has a second factor: [`Error::SecondFactorRequired`] without a
/// code, [`Error::SecondFactorInvalid`] for a code that is wrong, was used before, or came too soon after a wrong one, and
/// [`Error::SecondFactorUnreadable`] for any code after a change of the key.
pub async fn log_in(
    ctx: &Ctx,
    write: Write<TokenPair>,
    email: &str,
    password: &SecretString,
    code: Option<&SecretString>,
) -> Result<Written<TokenPair>> {
    let login = Login::<Entity>::start(ctx, &write, email, password).await?;
    let outcome = spend!(ctx, write.refusable::<SignInRefusal>(), |tx| {
        let Some(admin) = login.attempt(ctx, tx).await? else {
            return Ok(Err(SignInRefusal::Credentials));
        };
        let with_code = match check_at_login(ctx, tx, &admin, code).await? {
            CodeCheck::NotNeeded => false,
            CodeCheck::Accepted => true,
            CodeCheck::Missing => return Ok(Err(SignInRefusal::CodeMissing)),
            CodeCheck::Refused => return Ok(Err(SignInRefusal::CodeRefused)),
        };
        session::admin::start(ctx, tx, &admin, with_code).await.map(Ok)
    })?;
    match outcome.value {
        Err(SignInRefusal::CodeMissing) => {
            login.report(ctx, LoginOutcome::CodeRequired);
            Err(Error::SecondFactorRequired)
        }
        Err(SignInRefusal::CodeRefused) => {
            login.report(ctx, LoginOutcome::CodeRefused);
            Err(Error::SecondFactorInvalid)
        }
        // The delay of a refused login comes after the commit.
        Ok(_) | Err(SignInRefusal::Credentials) => login.finish(ctx, outcome.ok(), password).await,
    }
}
