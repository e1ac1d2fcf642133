//! Signatures of deliveries, according to the Standard Webhooks specification: HMAC-SHA-256 of identifier, timestamp
//! and body, with a secret that the receiver shares. The database contains only encrypted secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Result};
use crate::random::Random;

/// The prefix of secrets.
const PREFIX: &str = "whsec_";

/// Generates a secret with 256 random bits.
pub(super) fn new_secret(random: &Random) -> SecretString {
    format!("{PREFIX}{}", STANDARD.encode(random.bytes::<32>())).into()
}

/// Encrypts a secret for the database.
pub(super) fn seal(app: &App, endpoint: Uuid, secret: &SecretString) -> Result<Vec<u8>> {
    let context: [&[u8]; 2] = [b"webhook secret", endpoint.as_bytes()];
    app.keys.encryption.seal(&app.random, &context, secret.expose_secret().as_bytes())
}

/// Decrypts a secret from the database.
pub(super) fn unseal(app: &App, endpoint: Uuid, sealed: &[u8]) -> Result<SecretString> {
    let context: [&[u8]; 2] = [b"webhook secret", endpoint.as_bytes()];
    let secret = app.keys.encryption.unseal(&context, sealed)?;
    String::from_utf8(secret).map(SecretString::from).map_err(Error::internal)
}

/// Returns the value of `webhook-signature`: a signature for each secret, separated by spaces.
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
