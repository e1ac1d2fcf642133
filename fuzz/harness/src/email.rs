//! E-mail addresses (`src/types/email_address.rs`).

use lettre::Address;
use lettre::message::Mailbox;
use patron::types::EmailAddress;

/// A valid address is stable when it is parsed again, obeys the limits, and mail can be sent to it.
///
/// # Panics
/// If a property does not hold.
pub fn check(input: &[u8]) {
    let typed = String::from_utf8_lossy(input);
    let Ok(email) = EmailAddress::parse(&typed) else {
        // An address without a domain name may still be valid in a local network.
        if let Ok(local) = EmailAddress::parse_local(&typed) {
            assert_eq!(EmailAddress::parse_local(local.as_str()), Ok(local.clone()), "{typed:?}");
            assert_within_limits(&local);
        }
        return;
    };
    assert_within_limits(&email);
    let parse = |text: &str| EmailAddress::parse(text).unwrap_or_else(|_| panic!("{text:?} of {typed:?}"));

    assert_eq!(parse(email.as_str()), email, "parsing again changes it");
    assert_eq!(EmailAddress::parse_local(&typed), Ok(email.clone()), "a local network accepts it as well");
    assert_eq!(parse(&format!(" \t{email}\n", email = email.as_str())), email, "white space around it");

    let key = email.key();
    assert_eq!(parse(&key).key(), key, "the key of the key");
    assert_eq!(key.to_lowercase(), key, "the key is folded");
    assert_eq!(parse(&email.as_str().to_ascii_uppercase()).key(), key, "the case of ASCII letters");
    assert_eq!(parse(&email.as_str().to_ascii_lowercase()).key(), key, "the case of ASCII letters");

    if let Some(unicode) = email.unicode_key() {
        assert_ne!(unicode, key, "the key in Unicode equals the ASCII key");
        assert_eq!(parse(&unicode).key(), key, "the key in Unicode");
    }
    let sent_to = email.for_smtp();
    assert_eq!(parse(&sent_to).key(), key, "the recipient of mails");
    let address: Address = sent_to.parse().unwrap_or_else(|error| panic!("{typed:?}: {error}"));
    let header = Mailbox::new(None, address).to_string();
    assert_eq!(header, sent_to, "the header of mails");
}

fn assert_within_limits(email: &EmailAddress) {
    assert!(email.as_str().len() <= 254, "{} bytes", email.as_str().len());
    let text = &email.for_smtp();
    assert!(text.len() <= 254, "{} bytes", text.len());
    let (local, domain) = text.rsplit_once('@').expect("an @");
    assert!(!local.is_empty() && local.len() <= 64, "a local part of {} bytes", local.len());
    assert!(
        !domain.is_empty() && domain.split('.').all(|label| (1..=63).contains(&label.len())),
        "{domain:?}"
    );
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "\"\\<>()[],;:@".contains(c);
    assert!(!local.contains(forbidden) && !domain.contains(forbidden), "{text:?}");
    assert!(domain.is_ascii() && domain.to_ascii_lowercase() == domain, "{domain:?}");
}
