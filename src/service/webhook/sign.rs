//! Signatures of deliveries, as the Standard Webhooks specification says: HMAC-SHA-256 over identifier, timestamp and
//! body, with a secret that the receiver has as well.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Result};
use crate::random::Random;

/// What secrets begin with.
const PREFIX: &str = "whsec_";

/// A new secret, of 256 random bits.
pub(super) fn new_secret(random: &Random) -> SecretString {
    format!("{PREFIX}{}", STANDARD.encode(random.bytes::<32>())).into()
}

/// A secret as the database has it.
pub(super) fn seal(app: &App, endpoint: Uuid, secret: &SecretString) -> Result<Vec<u8>> {
    let context: [&[u8]; 2] = [b"webhook secret", endpoint.as_bytes()];
    app.keys.encryption.seal(&app.random, &context, secret.expose_secret().as_bytes())
}

/// The secret again.
pub(super) fn unseal(app: &App, endpoint: Uuid, sealed: &[u8]) -> Result<SecretString> {
    let context: [&[u8]; 2] = [b"webhook secret", endpoint.as_bytes()];
    let secret = app.keys.encryption.unseal(&context, sealed)?;
    String::from_utf8(secret).map(SecretString::from).map_err(Error::internal)
}

/// The value of `webhook-signature`: a signature with each secret, separated by spaces.
pub(super) fn signature(secrets: &[SecretString], id: Uuid, timestamp: i64, body: &str) -> Result<String> {
    let signatures: Result<Vec<String>> = secrets
        .iter()
        .map(|secret| {
            let secret = secret.expose_secret();
            let key =
                STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).map_err(Error::internal)?;
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(Error::internal)?;
            mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
            Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        })
        .collect();
    Ok(signatures?.join(" "))
}
