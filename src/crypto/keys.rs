//! The keys that sign tokens: from the settings, or generated once and stored in the data folder.
//!
//! Each kind of token has up to two keys. The current key signs. The previous key only verifies, so that its tokens stay
//! valid until they expire and a rotation logs out no account. The server does not start if it can't read its keys.

use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::digest::hex;
use super::encryption::Encryption;
use super::hs256;
use super::key_files::KeyFile;
use super::key_kind::{ADMIN, ADMIN_REFRESH, CUSTOMER, CUSTOMER_REFRESH, KeyKind, SEALING_FILE};
use super::verified_tokens::VerifiedTokens;
use crate::config::{SigningSecrets, TokenConfig};
use crate::random::Random;

/// One symmetric key (HS256, RFC 7518 3.2).
pub struct SigningKey {
    /// The `kid` of its tokens (RFC 7515 4.1.4).
    id: String,
    /// The header of its tokens.
    pub header: Header,
    /// Signs tokens.
    pub encoding: EncodingKey,
    /// Verifies tokens.
    pub decoding: DecodingKey,
}

impl SigningKey {
    /// `name` is the kind of token, so that the same secret has different identifiers for two kinds.
    fn new(name: &str, secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        // Derived from the secret, so that instances with the same secret agree on it. It reveals no more about the secret
        // than a signature, which also allows offline guessing.
        let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(bytes).finalize();
        let id = hex(&digest[..8]);
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(id.clone());
        let (encoding, decoding) = (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes));
        Self { id, header, encoding, decoding }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SigningKey").field(&self.id).finish()
    }
}

/// The keys of one kind of token.
#[derive(Debug)]
pub struct KeyRing {
    /// Signs and verifies tokens.
    pub current: SigningKey,
    /// Verifies tokens that it signed before the rotation.
    previous: Option<SigningKey>,
    /// The required algorithm, audience and issuer of tokens. Built once, not for each token.
    pub validation: Validation,
}

impl KeyRing {
    fn new(kind: &KeyKind, secrets: &Secrets, issuer: &str) -> Self {
        hs256::install();
        // The algorithm is fixed, so that tokens with `none`, or with a public key used as a secret, are refused.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[kind.audience.name()]);
        validation.set_issuer(&[issuer]);
        // The caller checks the expiry with the injected clock.
        validation.validate_exp = false;
        let key = |secret| SigningKey::new(kind.file, secret);
        let previous = secrets.previous.as_ref().map(key);
        Self { current: key(&secrets.current), previous, validation }
    }

    /// The key with this `kid`.
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        self.all().find(|key| key.id == id)
    }

    /// The current key, and the previous key if it exists.
    pub fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Separate keys for each kind of token, so that a token of one kind is not valid as another.
#[derive(Debug)]
pub struct Keys {
    /// For access tokens of admins.
    pub admin: KeyRing,
    /// For refresh tokens of admins.
    pub admin_refresh: KeyRing,
    /// For access tokens of customers.
    pub customer: KeyRing,
    /// For refresh tokens of customers.
    pub customer_refresh: KeyRing,
    /// For sealed values in the database.
    pub encryption: Encryption,
    /// Access tokens that these keys verified lately.
    pub verified: VerifiedTokens,
}

/// The secrets of the keys of one kind of token.
struct Secrets {
    current: SecretString,
    previous: Option<SecretString>,
}

impl Keys {
    /// Loads the keys of each kind from the settings, or else from `data_dir/keys`. There a missing current key is
    /// generated (mode 0600), and the previous key exists after a rotation.
    ///
    /// # Errors
    /// The folder can't be read or written, or a file holds no valid key.
    pub fn load(config: &TokenConfig, data_dir: &Path, random: &Random) -> std::io::Result<Self> {
        let folder = data_dir.join("keys");
        let ring = |kind: &KeyKind| {
            let SigningSecrets { current, previous } = (kind.secrets)(config);
            let file = KeyFile::new(&folder, kind.file);
            let secrets = match current {
                Some(current) => Secrets { current: current.clone(), previous: previous.clone() },
                None => Secrets { current: file.load_or_generate(random)?, previous: file.load_previous()? },
            };
            Ok::<_, std::io::Error>(KeyRing::new(kind, &secrets, &config.issuer))
        };
        let encryption = match &config.sealing_secret {
            Some(secret) => Encryption::new(secret),
            None => Encryption::new(&KeyFile::new(&folder, SEALING_FILE).load_or_generate(random)?),
        };
        Ok(Self {
            encryption,
            admin: ring(&ADMIN)?,
            admin_refresh: ring(&ADMIN_REFRESH)?,
            customer: ring(&CUSTOMER)?,
            customer_refresh: ring(&CUSTOMER_REFRESH)?,
            verified: VerifiedTokens::default(),
        })
    }

    /// Keys that are not stored, for commands, which issue no tokens. A command may run as another user than the server,
    /// which could not read key files that the command creates.
    pub fn ephemeral(config: &TokenConfig, random: &Random) -> Self {
        let ring = |kind: &KeyKind| {
            let secrets = Secrets { current: random.word::<52>().into(), previous: None };
            KeyRing::new(kind, &secrets, &config.issuer)
        };
        Self {
            encryption: Encryption::new(&random.word::<52>().into()),
            admin: ring(&ADMIN),
            admin_refresh: ring(&ADMIN_REFRESH),
            customer: ring(&CUSTOMER),
            customer_refresh: ring(&CUSTOMER_REFRESH),
            verified: VerifiedTokens::default(),
        }
    }
}
