//! Filters names and e-mail addresses before a mail shows them.
//!
//! An attacker can register with another person's e-mail address and any name. A mail from the shop must not carry
//! the attacker's message (CWE-451), and mail programs turn every text that looks like a link into one. A name or
//! address that could be misused is replaced with a neutral text.

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization;

use crate::types::{EmailAddress, is_invisible};

/// The replacement for a refused name.
const NAMELESS: &str = "customer";
/// The replacement for a refused address.
const ADDRESSLESS: &str = "this address";
/// Maximum length of a name, or of the local part of an address, in characters.
const MAX_LENGTH: usize = 40;
/// Characters that occur in links and messages but not in names, and characters that look like them. Compatibility
/// forms become these characters by normalization.
const REFUSED: &[char] = &['/', ':', '@', '\\', '\u{2044}', '\u{2215}', '\u{2236}', '\u{A789}', '\u{589}'];
/// Full stops: that of ASCII, those that domain names treat as one (UTS 46, 2.3), and characters that look like it.
const DOTS: &[char] = &['.', '\u{3002}', '\u{6D4}', '\u{701}', '\u{702}', '\u{A4F8}'];

/// Returns the name for the greeting of a mail. `is_verified`: the customer's e-mail address is verified.
pub(super) fn greeting_name(name: &str, is_verified: bool) -> String {
    let folded = name.to_lowercase();
    let is_link = ["/", "www.", "@"].iter().any(|part| folded.contains(part));
    if is_link || !(is_verified || is_plain_name(name)) { NAMELESS.to_owned() } else { name.to_owned() }
}

/// Returns the address as a mail to it shows it. An attacker can choose the local part if the mailbox accepts tags
/// (`victim+claim.at/evil@example.com`).
pub(super) fn displayed_address(address: &EmailAddress) -> String {
    let address = address.as_str();
    let (local, _) = address.rsplit_once('@').unwrap_or((address, ""));
    let is_plain_character = |c: char| c.is_alphanumeric() || ".-_+'".contains(c);
    let has_domain_tag = local.split_once('+').is_some_and(|(_, tag)| tag.contains('.'));
    if has_domain_tag || local.chars().count() > MAX_LENGTH || !local.chars().all(is_plain_character) {
        return ADDRESSLESS.to_owned();
    }
    address.to_owned()
}

/// Returns a time as a mail shows it.
pub(super) fn displayed_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Whether a name is short and has no digits and no parts of a link.
fn is_plain_name(name: &str) -> bool {
    // Characters that change the text direction or break the line are not letters of a name.
    let is_layout = |c: char| matches!(u32::from(c), 0x2028..=0x202E | 0x2066..=0x2069);
    let text: Vec<char> = name.nfkc().filter(|c| c.is_whitespace() || !is_invisible(*c)).collect();
    let is_short = name.chars().count() <= MAX_LENGTH && text.len() <= MAX_LENGTH;
    let is_domain = |pair: &[char]| DOTS.contains(&pair[0]) && pair[1].is_alphabetic();
    is_short
        // Normalization turns some numbers into letters (`Ⅶ`), so numbers are checked before it as well.
        && !name.chars().any(|c| c.is_numeric() || is_layout(c))
        && !text.iter().any(|c| c.is_numeric() || REFUSED.contains(c))
        && !text.windows(2).any(is_domain)
}

#[cfg(test)]
mod tests {
    use super::{displayed_address, greeting_name};
    use crate::types::EmailAddress;

    #[test]
    fn only_plain_addresses_are_shown() {
        for (address, is_shown) in [
            ("zoe@x.io", true),
            ("zoe.o'brien-smith+shop@x.io", true),
            ("zoe+evil.example@x.io", false),
            ("zoe+evil/x@x.io", false),
            ("zoe=50%off@x.io", false),
            ("claim-your-price-of-five-thousand-euros-now@x.io", false),
        ] {
            let parsed = EmailAddress::parse(address).unwrap();
            assert_eq!(displayed_address(&parsed) == address, is_shown, "{address}");
        }
    }

    #[test]
    fn a_verified_customer_is_greeted_by_name_unless_the_name_has_a_link() {
        assert_eq!(greeting_name("J.R.R. Tolkien 2nd", true), "J.R.R. Tolkien 2nd");
        assert_eq!(greeting_name("see evil.example/x", true), "customer");
    }
}
