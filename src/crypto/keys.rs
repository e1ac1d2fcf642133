//! The keys that tokens are signed with: from the settings, or made once and kept in the data folder.
//!
//! Each kind of token has up to two: the current one signs, and tokens of the previous one are good until they expire.
//! So a key is changed without anybody being logged out.

use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::config::{SigningSecrets, TokenConfig};
use crate::crypto::encryption::Encryption;
use crate::random::Random;

use crate::crypto::key_files::KeyFile;

/// One symmetric key (HS256, RFC 7518 3.2).
pub struct SigningKey {
    /// Its name, in the `kid` of tokens that it signed (RFC 7515 4.1.4).
    id: String,
    /// What those tokens begin with.
    pub header: Header,
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
}

impl SigningKey {
    /// `name` is that of the kind of token, so that the same secret for two kinds has two names.
    fn new(name: &str, secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        // Made of the secret, so that instances that share one agree without being told. It gives no more away than a
        // signature, by which a guess at the secret can be judged as well.
        let digest = Sha256::new().chain_update(name).chain_update([0]).chain_update(bytes).finalize();
        let id: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(id.clone());
        let (encoding, decoding) = (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes));
        Self { id, header, encoding, decoding }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.id).finish()
    }
}

/// The keys of one kind of token.
#[derive(Debug)]
pub struct KeyRing {
    /// Signs, and verifies.
    pub current: SigningKey,
    /// Verifies what it signed before.
    previous: Option<SigningKey>,
    /// What a token has to be: algorithm, audience and issuer. Made once, not for each token.
    pub validation: Validation,
}

impl KeyRing {
    fn new(kind: &KeyKind, secrets: &Secrets, issuer: &str) -> Self {
        // The algorithm is pinned: `none`, or a public key taken for a secret, never verifies.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[kind.audience]);
        validation.set_issuer(&[issuer]);
        // Whoever verifies does it by the injected clock.
        validation.validate_exp = false;
        let key = |secret| SigningKey::new(kind.file, secret);
        let previous = secrets.previous.as_ref().map(key);
        Self { current: key(&secrets.current), previous, validation }
    }

    /// The key of this name.
    pub fn named(&self, id: &str) -> Option<&SigningKey> {
        self.all().find(|key| key.id == id)
    }

    /// The current key and, when there is one, the previous.
    pub fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Keys for each kind of token, so that none can stand in for another.
#[derive(Debug)]
pub struct Keys {
    /// Admins' access tokens.
    pub admin: KeyRing,
    /// Admins' refresh tokens.
    pub admin_refresh: KeyRing,
    /// Customers' access tokens.
    pub customer: KeyRing,
    /// Customers' refresh tokens.
    pub customer_refresh: KeyRing,
    /// What is sealed in the database.
    pub encryption: Encryption,
}

/// A kind of token, as its keys see it.
pub(super) struct KeyKind {
    /// Sets its current key.
    pub(super) variable: &'static str,
    /// The file of its generated key; that of the previous one has `_previous` after it.
    pub(super) file: &'static str,
    audience: &'static str,
    pub(super) secrets: fn(&TokenConfig) -> &SigningSecrets,
    pub(super) lifetime: fn(&TokenConfig) -> std::time::Duration,
}

pub(super) const ADMIN: KeyKind = KeyKind {
    variable: "JWT_ADMIN_SECRET",
    file: "jwt_admin_secret",
    audience: "admin",
    secrets: |config| &config.admin,
    lifetime: |config| config.admin_expiry,
};
pub(super) const ADMIN_REFRESH: KeyKind = KeyKind {
    variable: "JWT_ADMIN_REFRESH_SECRET",
    file: "jwt_admin_refresh_secret",
    audience: "admin",
    secrets: |config| &config.admin_refresh,
    lifetime: |config| config.admin_refresh_expiry,
};
pub(super) const CUSTOMER: KeyKind = KeyKind {
    variable: "JWT_CUSTOMER_SECRET",
    file: "jwt_customer_secret",
    audience: "customer",
    secrets: |config| &config.customer,
    lifetime: |config| config.customer_expiry,
};
pub(super) const CUSTOMER_REFRESH: KeyKind = KeyKind {
    variable: "JWT_CUSTOMER_REFRESH_SECRET",
    file: "jwt_customer_refresh_secret",
    audience: "customer",
    secrets: |config| &config.customer_refresh,
    lifetime: |config| config.customer_refresh_expiry,
};

/// What the keys of one kind of token are made of.
struct Secrets {
    current: SecretString,
    previous: Option<SecretString>,
}

impl Keys {
    /// Takes the keys of each kind from the settings, else from `data_dir/keys`, where a current one is made when
    /// there is none (mode 0600) and a previous one is there once it was rotated.
    ///
    /// # Errors
    /// When the folder can't be read or written.
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
            None => Encryption::new(&KeyFile::new(&folder, "sealing_secret").load_or_generate(random)?),
        };
        Ok(Self {
            encryption,
            admin: ring(&ADMIN)?,
            admin_refresh: ring(&ADMIN_REFRESH)?,
            customer: ring(&CUSTOMER)?,
            customer_refresh: ring(&CUSTOMER_REFRESH)?,
        })
    }

    /// Keys that end with the process: for commands, which issue no tokens. They leave none behind either,
    /// perhaps as another user than the server's, who could not read them then.
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
        }
    }
}
