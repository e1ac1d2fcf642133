//! E-mail addresses.

use email_address::{EmailAddress as Syntax, Options};
use sea_orm::DeriveValueType;
use unicode_normalization::UnicodeNormalization;

/// The longest address that fits a mail transaction, in bytes (RFC 5321 4.5.3.1.3, less the brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// An e-mail address, kept as typed but for its surroundings: white space around it is dropped, Unicode is
/// in normalisation form C, the domain and every letter outside ASCII are in lower case.
///
/// Two addresses are the same when their [keys](Self::key) are: when they differ by the case of ASCII
/// letters only. That is what the unique index in the database compares, on every database alike, which is
/// why the other letters are folded here already (PostgreSQL would fold them by locale, SQLite not at all).
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
pub struct EmailAddress(String);

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Parses an address on the public Internet: the domain has at least two labels.
    ///
    /// # Errors
    /// [`InvalidEmail`] when it isn't one, is longer than 254 bytes, is quoted (`"a b"@x.io`), names an IP
    /// address, or holds white space, control or invisible characters.
    pub fn parse(input: &str) -> Result<Self, InvalidEmail> {
        Self::parse_with(input, Options::default().with_required_tld())
    }

    /// Parses an address that may be local to this machine or network, as in `admin@localhost`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_local(input: &str) -> Result<Self, InvalidEmail> {
        Self::parse_with(input, Options::default().with_no_minimum_sub_domains())
    }

    fn parse_with(input: &str, options: Options) -> Result<Self, InvalidEmail> {
        let options = options.without_display_text().without_domain_literal();
        let email = canonical(input.trim()).ok_or(InvalidEmail)?;
        let acceptable = email.len() <= MAX_EMAIL_BYTES
            && !email.contains(['"', '\\'])
            && !email.chars().any(is_invisible)
            && Syntax::parse_with_options(&email, options).is_ok();
        if acceptable { Ok(Self(email)) } else { Err(InvalidEmail) }
    }

    /// Part of an address, folded as whole ones are, so that it can be looked for in them.
    pub fn fold_part(text: &str) -> String {
        fold(text)
    }

    /// What two spellings of the same address have in common.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address with its domain and the letters outside ASCII in lower case, in form C. None without an `@`.
fn canonical(input: &str) -> Option<String> {
    let (local, domain) = input.rsplit_once('@')?;
    let domain: String = domain.nfc().collect::<String>().to_lowercase();
    Some(format!("{}@{}", fold(local), domain.nfc()))
}

/// The letters outside ASCII in lower case, all in form C.
fn fold(text: &str) -> String {
    let folded = text.nfc().flat_map(|c| -> Vec<char> {
        if c.is_ascii() { vec![c] } else { c.to_lowercase().collect() }
    });
    // Lower-casing can leave form C, so it is restored afterwards.
    folded.nfc().collect()
}

/// White space, controls, and characters that a reader can't see: two addresses that look alike are one.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            u32::from(c),
            0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF
                | 0xFFF0..=0xFFFF | 0xE0000..=0xE0FFF
        )
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_address() {
        for (typed, kept, key) in [
            (" John@X.io ", "John@x.io", "john@x.io"),
            ("JÖRG@Bücher.DE", "JöRG@bücher.de", "jörg@bücher.de"),
            ("e\u{301}a@x.io", "éa@x.io", "éa@x.io"),
            ("\u{212A}im@x.io", "Kim@x.io", "kim@x.io"),
        ] {
            let email = EmailAddress::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.key().as_str()), (kept, key), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address() {
        for typed in [
            "",
            "x",
            "@x.io",
            "a@",
            "a@@x.io",
            "a b@x.io",
            "a@x",
            "a@[127.0.0.1]",
            "\"a b\"@x.io",
            "a\0@x.io",
            "a\u{202E}b@x.io",
            "a\u{200B}@x.io",
            "Jo <a@x.io>",
            "a@x..io",
            ".a@x.io",
            "a@-x.io",
        ] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@x.io", "a".repeat(400))).is_err());
        assert!(EmailAddress::parse_local("admin@localhost").is_ok());
    }

    proptest! {
        #[test]
        fn parsing_again_changes_nothing(typed in "\\PC{1,12}@[a-zA-ZäÖİßΣ]{1,8}\\.[a-zA-Z]{2,4}") {
            if let Ok(once) = EmailAddress::parse(&typed) {
                let twice = EmailAddress::parse(once.as_str());
                prop_assert_eq!(twice.as_ref(), Ok(&once));
            }
        }

        #[test]
        fn case_and_space_around_do_not_tell_addresses_apart(
            local in "[a-zA-ZäöüÄÖÜéÉ0-9]{1,12}", domain in "[a-zA-ZäÖ]{1,8}\\.[a-z]{2,4}", space in "[ \t]{0,3}",
        ) {
            let typed = format!("{local}@{domain}");
            let plain = EmailAddress::parse(&typed);
            let shouted = EmailAddress::parse(&format!("{space}{}{space}", typed.to_uppercase()));
            prop_assert_eq!(plain.unwrap().key(), shouted.unwrap().key());
        }
    }
}
