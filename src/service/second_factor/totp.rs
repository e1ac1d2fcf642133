//! One-time passwords of an authenticator app: TOTP (RFC 6238) with the parameters that every app supports, SHA-1, 6 digits
//! and steps of 30 seconds. A code of the step before or after the current one is accepted as well, because clocks differ and
//! people type slowly. The database contains only encrypted secrets.

use secrecy::SecretString;
use totp_rs::{Builder, Totp};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::entity::admin_user;
use crate::error::{Error, Result};

/// Length of a secret in bytes: that of SHA-1's output (RFC 4226 4, R6).
const SECRET_BYTES: usize = 20;

/// The secret of a new factor, in the forms that an authenticator app reads, and as it is stored.
pub(super) struct NewSecret {
    /// In base32 (RFC 4648 6), to be typed.
    pub(super) base32: SecretString,
    /// As a URI, to be scanned as a QR code.
    pub(super) uri: SecretString,
    /// Sealed, for the database.
    pub(super) sealed: Vec<u8>,
}

/// Generates the secret of a new factor.
pub(super) fn generate(app: &App, admin: &admin_user::Model) -> Result<NewSecret> {
    let secret = app.random.bytes::<SECRET_BYTES>();
    let sealed = app.keys.encryption.seal(&app.random, &context(&admin.uuid), &secret)?;
    let builder = Builder::new().with_secret(secret).with_issuer(Some(issuer(app)));
    // The URI separates the issuer from the account by a colon.
    let builder = builder.with_account_name(admin.email.as_str().replace(':', ""));
    let totp = builder.build().map_err(|_| unusable())?;
    let uri = totp.to_url().map_err(|_| unusable())?;
    Ok(NewSecret { base32: totp.secret().to_base32().into(), uri: uri.into(), sealed })
}

/// The secret of a stored factor.
///
/// # Errors
/// [`Error::SecondFactorUnreadable`] if it was sealed with another key, which is logged once per admin.
pub(super) fn unseal(app: &App, admin: Uuid, sealed: &[u8]) -> Result<Vec<u8>> {
    app.keys.encryption.unseal(&context(&admin), sealed).map_err(|_| {
        if app.logged_rows.lock().insert(admin) {
            tracing::error!(account = %admin, "a second factor can't be read: PATRON_SEALING_SECRET has changed since it was set up");
        }
        Error::SecondFactorUnreadable
    })
}

/// The time step of a code, if the code is that of the current step or of a neighbouring one.
pub(super) fn step_of(app: &App, secret: Vec<u8>, code: &str) -> Result<Option<i64>> {
    let totp = totp(secret)?;
    let now = u64::try_from(app.clock.now().timestamp()).map_err(Error::internal)?;
    Ok(totp.check(code, now).and_then(|step| step.try_into().ok()))
}

fn totp(secret: Vec<u8>) -> Result<Totp> {
    Builder::new().with_secret(secret).build().map_err(|_| unusable())
}

/// What the encryption of a secret is bound to: a secret of another admin can't be put in its place.
fn context(admin: &Uuid) -> [&[u8]; 2] {
    [b"second factor", admin.as_bytes()]
}

/// The name of this server in an authenticator app.
fn issuer(app: &App) -> String {
    let url = Url::parse(&app.public_url()).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    format!("patron {}", host.replace(':', "."))
}

/// The library's errors may quote the account, so they are not logged.
fn unusable() -> Error {
    Error::internal("a secret of a second factor is not usable")
}

#[cfg(test)]
mod tests {
    use super::totp;

    /// The test vectors of RFC 6238, appendix B, for SHA-1; their last six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let totp = totp(b"12345678901234567890".to_vec()).unwrap();
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = time / 30;
            assert_eq!(totp.check(code, time), Some(step));
            assert_eq!(totp.check(code, time + 30), Some(step), "the step before the current one");
            assert_eq!(totp.check(code, time - 30), Some(step), "the step after it");
            assert_eq!(totp.check(code, time + 60), None);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let totp = totp(b"12345678901234567890".to_vec()).unwrap();
        for text in ["", "28708", "2870820", "+28708", "28708２", "28 082"] {
            assert_eq!(totp.check(text, 59), None, "{text}");
        }
    }
}
