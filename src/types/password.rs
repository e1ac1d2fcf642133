//! Passwords, the rules for new passwords, and password hashes.

use std::sync::LazyLock;

use sea_orm::DeriveValueType;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Minimum length of a password, in characters (NIST SP 800-63B-4 3.1.1.2 requires 8 with a second factor).
pub const MIN_PASSWORD_CHARACTERS: usize = 8;
/// Maximum length, in bytes, so that clients can't overload the server by hashing.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Maximum length of a password that is hashed with bcrypt, in bytes: bcrypt ignores the rest.
pub const MAX_BCRYPT_BYTES: usize = 72;

/// A new password: long enough, not too long, not common, all in normalization form C (RFC 8265 4.2.2). It is kept as typed:
/// never normalized, trimmed, escaped or cut.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// The rule that a new password breaks. The messages are defined in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// The password is empty.
    #[error("Password is required and cannot be empty")]
    Empty,
    /// Fewer than 8 characters.
    #[error("Password must be at least 8 characters")]
    TooShort,
    /// More than 1024 bytes.
    #[error("Password must be at most 1024 bytes")]
    TooLong,
    /// More than 72 bytes, while passwords are hashed with bcrypt.
    #[error("Password must be at most 72 bytes")]
    TooLongForBcrypt,
    /// On the list of common passwords, which attackers try first.
    #[error("Password is too common")]
    TooCommon,
}

impl Password {
    /// Checks a new password. Existing passwords are not checked, because they may be older than these rules.
    ///
    /// # Errors
    /// [`WeakPassword`] with the rule that it breaks.
    pub fn new(password: SecretString) -> Result<Self, WeakPassword> {
        // Form C has at least a third of the bytes of any other form, so a longer password is refused before
        // normalization.
        if password.expose_secret().len() > 3 * MAX_PASSWORD_BYTES {
            return Err(WeakPassword::TooLong);
        }
        let normalized = to_nfc(&password);
        let text = normalized.as_ref().unwrap_or(&password).expose_secret();
        if text.is_empty() {
            Err(WeakPassword::Empty)
        } else if text.chars().count() < MIN_PASSWORD_CHARACTERS {
            Err(WeakPassword::TooShort)
        } else if text.len() > MAX_PASSWORD_BYTES {
            Err(WeakPassword::TooLong)
        } else if is_common(text) {
            Err(WeakPassword::TooCommon)
        } else {
            Ok(Self(password))
        }
    }

    /// The password as typed.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// Whether bcrypt hashes all of it.
    pub fn fits_bcrypt(&self) -> bool {
        self.0.expose_secret().len() <= MAX_BCRYPT_BYTES
    }
}

/// The password in normalization form C, or `None` if it is in that form already.
pub fn to_nfc(typed: &SecretString) -> Option<SecretString> {
    let text = typed.expose_secret();
    if is_nfc(text) { None } else { Some(text.nfc().collect::<String>().into()) }
}

/// The common passwords of Django's list that have at least 8 characters. `types/common_passwords.md` describes how to
/// update it.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    COMMON.binary_search(&password.as_str()).is_ok()
}

/// A password hash in PHC string format. Its `Debug` output is masked.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash in PHC string format.
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The empty hash of a customer that has no password yet. No password matches it.
    pub fn none() -> Self {
        Self(String::new())
    }

    /// Whether there is a password.
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// The PHC string. Never log or return it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMON, Password, WeakPassword};

    #[test]
    fn weak_passwords_are_refused() {
        let refusal = |text: &str| Password::new(text.into()).err();
        assert_eq!(refusal(""), Some(WeakPassword::Empty));
        assert_eq!(refusal("1234567"), Some(WeakPassword::TooShort));
        assert_eq!(refusal("pÄsswör"), Some(WeakPassword::TooShort));
        assert_eq!(refusal("PassWord1"), Some(WeakPassword::TooCommon));
        assert_eq!(refusal(&"é".repeat(513)), Some(WeakPassword::TooLong));
        assert_eq!(refusal(&"é".repeat(512)), None);
        assert_eq!(refusal(&"e\u{301}".repeat(512)), None);
        assert_eq!(refusal(&"e\u{301}".repeat(513)), Some(WeakPassword::TooLong));
        assert_eq!(refusal("correct horse battery staple"), None);
        assert_eq!(refusal("        "), None);
        assert_eq!(refusal("e\u{301}e\u{301}e\u{301}e\u{301}"), Some(WeakPassword::TooShort));
    }

    #[test]
    fn the_list_of_common_passwords_is_sorted() {
        assert!(COMMON.is_sorted() && COMMON.len() > 5_000);
    }
}
