//! Encryption of secrets in the database, so that a copy of the database or a backup does not reveal them.
//!
//! Secrets that are read again are sealed: encrypted with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha). Secrets that are
//! only recognized are stored as an HMAC-SHA-256 (RFC 2104). Unsealing with the wrong key or context, or of changed bytes,
//! fails as an internal error.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

use crate::crypto::digest::hex;
use crate::error::{Error, Result};
use crate::random::Random;

/// Length of a nonce in bytes. Random nonces of this length do not collide.
const NONCE_LENGTH: usize = 24;

/// Seals, unseals and fingerprints secrets, with a key that is not in the database.
pub struct Encryption(SecretSlice<u8>);

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encryption(…)")
    }
}

impl Encryption {
    /// Creates the encryption with this secret of at least 32 bytes.
    pub fn new(secret: &SecretString) -> Self {
        Self(secret.expose_secret().as_bytes().to_vec().into())
    }

    /// The HMAC of these parts for one purpose. Each part is prefixed with its length, so that different parts never give
    /// the same input.
    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).map_err(Error::internal)?;
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }

    /// The HMAC of these parts for one purpose, in hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::Internal`], which is a defect.
    pub fn fingerprint(&self, purpose: &str, parts: &[&[u8]]) -> Result<String> {
        Ok(hex(&self.mac(purpose, parts)?))
    }

    /// Encrypts `text`. The same `context` is needed to decrypt it. If the context contains a secret, the database and the
    /// key are not enough.
    ///
    /// # Errors
    /// [`Error::Internal`], which is a defect.
    pub fn seal(&self, random: &Random, context: &[&[u8]], text: &[u8]) -> Result<Vec<u8>> {
        let nonce = random.bytes::<NONCE_LENGTH>();
        let payload = Payload { msg: text, aad: &[] };
        let sealed = self.cipher(context)?.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a text could not be sealed"))?;
        Ok([nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// Decrypts a sealed text.
    ///
    /// # Errors
    /// [`Error::Internal`] if the text was sealed with another key or context, or was changed.
    pub fn unseal(&self, context: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>> {
        let failed = || {
            Error::internal(
                "a sealed value can't be decrypted: PATRON_SEALING_SECRET has changed since it was sealed",
            )
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or_else(failed)?;
        self.cipher(context)?.decrypt(&XNonce::from(*nonce), sealed).map_err(|_| failed())
    }

    fn cipher(&self, context: &[&[u8]]) -> Result<XChaCha20Poly1305> {
        Ok(XChaCha20Poly1305::new(&Key::from(self.mac("seal", context)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::Encryption;
    use crate::random::Random;

    #[test]
    fn only_the_same_key_and_context_unseal() {
        let random = Random::seeded(1);
        let [one, other] = [Encryption::new(&"one".into()), Encryption::new(&"other".into())];
        let sealed = one.seal(&random, &[b"a", b"b"], b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(one.unseal(&[b"a", b"b"], &sealed).unwrap(), b"secret");
        assert!(one.unseal(&[b"ab"], &sealed).is_err() && other.unseal(&[b"a", b"b"], &sealed).is_err());
        let mut changed = sealed.clone();
        changed[30] ^= 1;
        assert!(one.unseal(&[b"a", b"b"], &changed).is_err() && one.unseal(&[], &[]).is_err());
        assert_ne!(sealed, one.seal(&random, &[b"a", b"b"], b"secret").unwrap());
        let fingerprint = |parts: &[&[u8]]| one.fingerprint("p", parts).unwrap();
        assert!(
            fingerprint(&[b"a", b"b"]) != fingerprint(&[b"ab"])
                && fingerprint(&[b"a"]) == fingerprint(&[b"a"])
        );
    }
}
