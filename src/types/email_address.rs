//! E-mail addresses: validation, and the keys by which they are compared.

use std::borrow::Cow;

use email_address::{EmailAddress as Syntax, Options};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use sea_orm::DeriveValueType;
use unicode_normalization::UnicodeNormalization;

use super::text::{fold, is_blank, is_invisible, lower};

/// Maximum length of an address in a mail transaction, in bytes (RFC 5321 4.5.3.1.3, without the brackets).
pub const MAX_EMAIL_BYTES: usize = 254;

/// Joiners change the appearance of adjacent letters. UTS 46 defines where a domain may contain them (RFC 5892 A.1 and
/// A.2).
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];
/// Placeholders for an object, and for bytes that are not text.
const REPLACEMENT_CHARACTERS: [char; 2] = ['\u{FFFC}', '\u{FFFD}'];

/// An e-mail address as typed, trimmed and in normalization form C.
///
/// Two addresses are the same if their [keys](Self::key) are equal. A unique index on the keys enforces this in both
/// databases.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
pub struct EmailAddress(String);

/// The error for a text that is not a valid e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Parses an address on the public Internet: the domain has at least two labels.
    ///
    /// # Errors
    /// [`InvalidEmail`] if the text is not an address, is longer than 254 bytes, is quoted (`"a b"@x.io`), contains
    /// white space, control or invisible characters, or if its domain is invalid by UTS 46 or is an IP address.
    pub fn parse(input: &str) -> Result<Self, InvalidEmail> {
        Self::parse_with(input, Options::default().with_required_tld())
    }

    /// Parses an address that may be local to this machine or network, such as `admin@localhost`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_local(input: &str) -> Result<Self, InvalidEmail> {
        Self::parse_with(input, Options::default().with_no_minimum_sub_domains())
    }

    fn parse_with(input: &str, options: Options) -> Result<Self, InvalidEmail> {
        let options = options.without_display_text().without_domain_literal();
        let input = input.trim();
        if input.len() > MAX_EMAIL_BYTES {
            return Err(InvalidEmail);
        }
        let email: String = input.nfc().collect();
        let (local, typed_domain) = email.rsplit_once('@').ok_or(InvalidEmail)?;
        let domain = ascii_domain(typed_domain).ok_or(InvalidEmail)?;
        // The key must be a valid address as well: the lower case of some letters is a letter with a combining mark.
        let forms = [format!("{local}@{domain}"), format!("{}@{domain}", fold(local))];
        let is_valid = |form: &String| {
            form.len() <= MAX_EMAIL_BYTES && Syntax::parse_with_options(form, options).is_ok()
        };
        let is_acceptable = email.len() <= MAX_EMAIL_BYTES
            && !local.contains(['"', '\\'])
            && !local.chars().any(is_invisible)
            && !typed_domain.chars().any(|c| is_invisible(c) && !JOINERS.contains(&c))
            && !email.contains(REPLACEMENT_CHARACTERS)
            && !is_blank(local)
            && !is_ip_address(&domain)
            && forms.iter().all(is_valid);
        if is_acceptable { Ok(Self(email)) } else { Err(InvalidEmail) }
    }

    /// The possible forms of a part of an address in keys: folded like a local part and, if it differs, like a domain.
    /// UTS 46 maps more characters of domains, such as full-width letters and the full stops of other scripts.
    pub fn fold_part(text: &str) -> Vec<String> {
        let mut spellings = vec![fold(text)];
        // A full-width percent sign must not become a wildcard.
        if !text.contains(['\u{FF05}', '\u{FE6A}']) {
            let mapped: String = text.nfkc().map(|c| if c == '\u{3002}' { '.' } else { c }).collect();
            // Domains distinguish the two small sigmas.
            spellings.push(lower(&mapped));
        }
        spellings.dedup();
        spellings
    }

    /// The key, which is equal for all spellings of an address: normalization form C, lower case, the domain in
    /// A-labels.
    pub fn key(&self) -> String {
        // Another program may have stored surrounding white space, or an invalid address.
        match self.0.trim().rsplit_once('@') {
            Some((local, domain)) => {
                let domain = ascii_domain(domain).unwrap_or_else(|| fold(domain));
                format!("{}@{domain}", fold(local))
            }
            None => fold(&self.0),
        }
    }

    /// The [key](Self::key) with its domain in Unicode, if it differs. People search for this form.
    pub fn unicode_key(&self) -> Option<String> {
        let key = self.key();
        let (local, domain) = key.rsplit_once('@')?;
        if !domain.contains("xn--") {
            return None;
        }
        let (domain, valid) =
            Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        valid.ok()?;
        Some(format!("{local}@{domain}")).filter(|unicode| *unicode != key)
    }

    /// The address for mail servers: the domain in A-labels (RFC 5891 4.4), the local part unchanged.
    pub fn for_smtp(&self) -> String {
        match self.0.trim().rsplit_once('@') {
            Some((local, domain)) => {
                format!("{local}@{}", ascii_domain(domain).unwrap_or_else(|| domain.to_owned()))
            }
            None => self.0.clone(),
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A domain in lower-case A-labels, by UTS 46 (non-transitional), with only the characters of RFC 1123. `None` for an
/// invalid domain name: invalid or overlong labels, invalid A-labels, IP address literals.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    let domain = domain.as_bytes();
    let ascii =
        Uts46::new().to_ascii(domain, AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    ascii.ok().map(Cow::into_owned)
}

/// Whether programs parse the domain as an IPv4 address: its last label is a number (WHATWG URL, "ends in a number").
fn is_ip_address(domain: &str) -> bool {
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    last.bytes().all(|digit| digit.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(is_hex)
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_an_address_have_the_same_key() {
        for (typed, stored, key) in [
            (" John@X.io ", "John@X.io", "john@x.io"),
            ("JÖRG@Bücher.DE", "JÖRG@Bücher.DE", "jörg@xn--bcher-kva.de"),
            ("e\u{301}a@x.io", "éa@x.io", "éa@x.io"),
            ("\u{212A}im@x.io", "Kim@x.io", "kim@x.io"),
            ("ada@XN--BCHER-KVA.example", "ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
            ("ada@ｅｘａｍｐｌｅ。com", "ada@ｅｘａｍｐｌｅ。com", "ada@example.com"),
            ("ada@faß.example", "ada@faß.example", "ada@xn--fa-hia.example"),
        ] {
            let email = EmailAddress::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.key().as_str()), (stored, key), "{typed}");
        }
    }

    #[test]
    fn invalid_addresses_are_refused() {
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
            "a@x_y.io",
            "a@127.0.0.1",
            "a@0x7f.1",
            "a@1.2.3.0x",
            "a@１２７.０.０.１",
            "a@x.123",
            "a@xn--a.example",
            "a@xn--fa-hia\u{200B}\u{3164}.example",
            "a@xn--abc-.example",
            "\u{3164}@x.io",
            "a\u{FFA0}@x.io",
            "\u{301}@x.io",
            "a\u{FFFD}@x.io",
            "İ@x.io",
        ] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@x.io", "a".repeat(400))).is_err());
        assert!(EmailAddress::parse_local("admin@localhost").is_ok());
        assert!(EmailAddress::parse_local("admin@2130706433").is_err());
    }

    #[test]
    fn keys_have_a_form_in_unicode() {
        for (typed, unicode) in [
            ("Ada@xn--bcher-kva.example", Some("ada@bücher.example")),
            ("Ada@BÜCHER.example", Some("ada@bücher.example")),
            ("Jörg@x.io", None),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().unicode_key().as_deref(), unicode, "{typed}");
        }
        assert_eq!(EmailAddress::fold_part("ＢÜCHER｡de"), ["ｂücher｡de", "bücher.de"]);
        assert_eq!(EmailAddress::fold_part("x.IO"), ["x.io"]);
        assert_eq!(EmailAddress::fold_part("x\u{FF05}"), ["x\u{FF05}"]);
        assert_eq!(EmailAddress::fold_part("ΟΔΟΣ οδος"), ["οδοσ οδοσ", "οδοσ οδος"]);
        let persian = EmailAddress::parse("ada@نامه\u{200C}ای.com").unwrap();
        assert_eq!(persian.key(), "ada@xn--mgba3gch31f060k.com");
        assert_eq!(EmailAddress::parse(&persian.unicode_key().unwrap()), Ok(persian));
        assert_eq!(EmailAddress::parse("Jörg@Bücher.de").unwrap().for_smtp(), "Jörg@xn--bcher-kva.de");
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
        fn a_key_is_an_address_with_the_same_key(typed in "\\PC{1,12}@\\PC{1,12}\\.[a-zA-Zäß]{2,4}") {
            if let Ok(email) = EmailAddress::parse(&typed) {
                let forms = [Some(email.key()), email.unicode_key(), Some(email.for_smtp())];
                for form in forms.into_iter().flatten() {
                    prop_assert_eq!(EmailAddress::parse(&form).map(|email| email.key()), Ok(email.key()));
                }
            }
        }

        #[test]
        fn case_and_surrounding_space_do_not_change_the_key(
            local in "[a-zA-ZäöüÄÖÜéÉ0-9]{1,12}", domain in "[a-zA-ZäÖ]{1,8}\\.[a-z]{2,4}", space in "[ \t]{0,3}",
        ) {
            let typed = format!("{local}@{domain}");
            let plain = EmailAddress::parse(&typed);
            let shouted = EmailAddress::parse(&format!("{space}{}{space}", typed.to_uppercase()));
            prop_assert_eq!(plain.unwrap().key(), shouted.unwrap().key());
        }
    }
}
