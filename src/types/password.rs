//! Passwords and their hashes.

use std::sync::LazyLock;

use sea_orm::DeriveValueType;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The shortest password, in characters (NIST SP 800-63B-4 3.1.1.2 asks for 8 where there is a second factor).
const MIN_CHARACTERS: usize = 8;
/// The longest, in bytes: hashing must not be a way to keep the server busy.
const MAX_BYTES: usize = 1024;

/// A password that may be set: long enough, not too long, not common. Never trimmed, escaped or cut; in normalization
/// form C (RFC 8265 4.2.2), so that every keyboard types the same one.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// Why a password can't be set; the messages are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// There is none.
    #[error("Password is required and cannot be empty")]
    Empty,
    /// Fewer than 8 characters.
    #[error("Password must be at least 8 characters")]
    TooShort,
    /// More than 1024 bytes.
    #[error("Password must be at most 1024 bytes")]
    TooLong,
    /// Everybody's first guess.
    #[error("Password is too common")]
    TooCommon,
}

impl Password {
    /// Checks a password that is to be set. One that is only compared is not checked: it may be older than
    /// these rules.
    ///
    /// # Errors
    /// [`WeakPassword`] says which rule it breaks.
    pub fn new(password: SecretString) -> Result<Self, WeakPassword> {
        // Form C has at least a third of the bytes of any other form.
        if password.expose_secret().len() > 3 * MAX_BYTES {
            return Err(WeakPassword::TooLong);
        }
        let password = normalized(&password).unwrap_or(password);
        let text = password.expose_secret();
        if text.is_empty() {
            Err(WeakPassword::Empty)
        } else if text.chars().count() < MIN_CHARACTERS {
            Err(WeakPassword::TooShort)
        } else if text.len() > MAX_BYTES {
            Err(WeakPassword::TooLong)
        } else if is_common(text) {
            Err(WeakPassword::TooCommon)
        } else {
            Ok(Self(password))
        }
    }

    /// The password itself.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// The password in normalization form C; none when it is typed in that form.
pub fn normalized(typed: &SecretString) -> Option<SecretString> {
    let text = typed.expose_secret();
    if is_nfc(text) { None } else { Some(text.nfc().collect::<String>().into()) }
}

/// The list that Django ships and maintains, less what is too short anyway. `types/common_passwords.md`
/// tells how to renew it.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    COMMON.binary_search(&password.as_str()).is_ok()
}

/// A password hash in PHC string format. Debug shows none of it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash.
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string. Never log it, never answer with it.
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
    fn which_passwords_may_be_set() {
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
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(COMMON.is_sorted() && COMMON.len() > 5_000);
    }
}
