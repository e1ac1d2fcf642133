//! E-mail addresses (`src/types/email_address.rs`).

use std::borrow::Cow;

use lettre::Address;
use lettre::message::Mailbox;
use patron::types::EmailAddress;

/// What is an address stays the one it is, obeys its limits, and can be sent to.
///
/// # Panics
/// When a property does not hold.
pub fn check(input: &[u8]) {
    let typed = String::from_utf8_lossy(input);
    let Ok(email) = EmailAddress::parse(&typed) else {
        // What is no address with a domain name may still be one of this network.
        if let Ok(local) = EmailAddress::parse_local(&typed) {
            assert_eq!(EmailAddress::parse_local(local.as_str()), Ok(local.clone()), "{typed:?}");
            kept_within_limits(&local);
        }
        return;
    };
    kept_within_limits(&email);
    let same = |text: &str| EmailAddress::parse(text).unwrap_or_else(|_| panic!("{text:?} of {typed:?}"));

    assert_eq!(same(email.as_str()), email, "parsing again changes it");
    assert_eq!(EmailAddress::parse_local(&typed), Ok(email.clone()), "what any network takes");
    assert_eq!(same(&format!(" \t{email}\n", email = email.as_str())), email, "white space around it");

    let key = email.key();
    assert_eq!(same(&key).key(), key, "the key of the key");
    assert_eq!(key.to_lowercase(), key, "the key is folded");
    assert_eq!(same(&email.as_str().to_ascii_uppercase()).key(), key, "the case of ASCII letters");
    assert_eq!(same(&email.as_str().to_ascii_lowercase()).key(), key, "the case of ASCII letters");

    let address: Address = email.as_str().parse().unwrap_or_else(|error| panic!("{typed:?}: {error}"));
    let header = Mailbox::new(None, address).to_string();
    assert_eq!(header, email.as_str(), "how a mail names it");
}

fn kept_within_limits(email: &EmailAddress) {
    let text = email.as_str();
    assert!(text.len() <= 254, "{} bytes", text.len());
    let (local, domain) = text.rsplit_once('@').expect("there is an @");
    assert!(!local.is_empty() && local.len() <= 64, "a local part of {} bytes", local.len());
    assert!(
        !domain.is_empty() && domain.split('.').all(|label| (1..=63).contains(&label.len())),
        "{domain:?}"
    );
    let hidden = |c: char| c.is_whitespace() || c.is_control() || "\"\\<>()[],;:@".contains(c);
    assert!(!local.contains(hidden) && !domain.contains(hidden), "{text:?}");
    assert!(!has_upper_case(domain) && !has_upper_case(&outside_ascii(local)), "{text:?}");
}

fn outside_ascii(text: &str) -> Cow<'_, str> {
    text.chars().filter(|c| !c.is_ascii()).collect::<String>().into()
}

/// Whether lower-casing changes anything: some letters that Unicode calls upper case have no other.
fn has_upper_case(text: &str) -> bool {
    text.chars().any(|c| !c.to_lowercase().eq([c]))
}
