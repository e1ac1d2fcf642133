//! Keeping secrets in the database so that whoever reads it, or a backup of it, learns nothing: what has to be read
//! again is encrypted (XChaCha20-Poly1305, draft-irtf-cfrg-xchacha), what only has to be recognised is authenticated
//! (HMAC-SHA-256, RFC 2104).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::random::Random;

/// Length of a nonce in bytes; at random, none comes twice.
const NONCE: usize = 24;

/// Seals and recognises secrets, with a key that is not in the database.
pub struct Encryption(SecretSlice<u8>);

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealing(…)")
    }
}

impl Encryption {
    /// With this secret, of 32 bytes or more.
    pub fn new(secret: &SecretString) -> Self {
        Self(secret.expose_secret().as_bytes().to_vec().into())
    }

    /// What these parts are recognised by, for one purpose. Each part's length goes in as well, so that none runs into
    /// the next.
    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).map_err(Error::internal)?;
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }

    /// The same in hexadecimal digits.
    ///
    /// # Errors
    /// A defect.
    pub fn fingerprint(&self, purpose: &str, parts: &[&[u8]]) -> Result<String> {
        Ok(self.mac(purpose, parts)?.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Encrypts `text`. Only who names the same `context` reads it again: for one that is secret itself that is
    /// nobody who just has the database and the key.
    ///
    /// # Errors
    /// A defect.
    pub fn seal(&self, random: &Random, context: &[&[u8]], text: &[u8]) -> Result<Vec<u8>> {
        let nonce = random.bytes::<NONCE>();
        let payload = Payload { msg: text, aad: &[] };
        let sealed = self.cipher(context)?.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a text could not be sealed"))?;
        Ok([nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// Decrypts what was sealed in the same `context`.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was sealed with another key or in another context, or was changed.
    pub fn unseal(&self, context: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || {
            Error::internal(
                "a sealed value can't be opened: PATRON_SEALING_SECRET is not the one it was sealed with",
            )
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        self.cipher(context)?.decrypt(&XNonce::from(*nonce), sealed).map_err(|_| broken())
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
    fn only_the_same_key_and_context_open() {
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
        let print = |parts: &[&[u8]]| one.fingerprint("p", parts).unwrap();
        assert!(print(&[b"a", b"b"]) != print(&[b"ab"]) && print(&[b"a"]) == print(&[b"a"]));
    }
}
