//! What a mail says of texts that customers chose: anybody can register with any address, and a mail from the shop must
//! not say what a stranger wants it to (CWE-451). Mail programs make a link of whatever looks like one.

use unicode_normalization::UnicodeNormalization;

use crate::types::{EmailAddress, is_invisible};

/// What stands for a name that isn't used.
const NAMELESS: &str = "customer";
/// What stands for an address that isn't shown.
const ADDRESSLESS: &str = "this address";
/// The longest name, or first part of an address, that is used, in characters.
const MAX_LENGTH: usize = 40;
/// What no name has, and links and messages do; with what looks like it. Compatible forms are these after
/// normalization.
const REFUSED: &[char] = &['/', ':', '@', '\\', '\u{2044}', '\u{2215}', '\u{2236}', '\u{A789}', '\u{589}'];
/// Full stops: that of ASCII, those that domain names take for it (UTS 46 2.3), and those that look like it.
const DOTS: &[char] = &['.', '\u{3002}', '\u{6D4}', '\u{701}', '\u{702}', '\u{A4F8}'];

/// A name as a mail greets with it. `is_verified`: the address is known to be the customer's.
pub(super) fn greeted(name: &str, is_verified: bool) -> String {
    let folded = name.to_lowercase();
    let is_link = ["/", "www.", "@"].iter().any(|part| folded.contains(part));
    if is_link || !(is_verified || is_plain(name)) { NAMELESS.to_owned() } else { name.to_owned() }
}

/// An address as a mail to it shows it: a stranger chose what is before the `@`, if it takes any mail
/// (`victim+claim.at/evil@example.com`).
pub(super) fn shown(address: &EmailAddress) -> String {
    let address = address.as_str();
    let (local, _) = address.rsplit_once('@').unwrap_or((address, ""));
    let plain = |c: char| c.is_alphanumeric() || ".-_+'".contains(c);
    let tag = local.split_once('+').is_some_and(|(_, tag)| tag.contains('.'));
    if tag || local.chars().count() > MAX_LENGTH || !local.chars().all(plain) {
        return ADDRESSLESS.to_owned();
    }
    address.to_owned()
}

/// Whether a name is nothing but a name: short, without digits, and without anything that a link is made of.
fn is_plain(name: &str) -> bool {
    // One that changes the direction of what follows, or the line, is no letter of a name.
    let is_layout = |c: char| matches!(u32::from(c), 0x2028..=0x202E | 0x2066..=0x2069);
    let text: Vec<char> = name.nfkc().filter(|c| c.is_whitespace() || !is_invisible(*c)).collect();
    let is_short = name.chars().count() <= MAX_LENGTH && text.len() <= MAX_LENGTH;
    let is_domain = |pair: &[char]| DOTS.contains(&pair[0]) && pair[1].is_alphabetic();
    is_short
        // Normalization makes letters of some numbers: `Ⅶ`.
        && !name.chars().any(|c| c.is_numeric() || is_layout(c))
        && !text.iter().any(|c| c.is_numeric() || REFUSED.contains(c))
        && !text.windows(2).any(is_domain)
}

#[cfg(test)]
mod tests {
    use super::{greeted, shown};
    use crate::types::EmailAddress;

    #[test]
    fn addresses_that_are_shown() {
        for (address, is_shown) in [
            ("zoe@x.io", true),
            ("zoe.o'brien-smith+shop@x.io", true),
            ("zoe+evil.example@x.io", false),
            ("zoe+evil/x@x.io", false),
            ("zoe=50%off@x.io", false),
            ("claim-your-price-of-five-thousand-euros-now@x.io", false),
        ] {
            let parsed = EmailAddress::parse(address).unwrap();
            assert_eq!(shown(&parsed) == address, is_shown, "{address}");
        }
    }

    #[test]
    fn whose_address_is_verified_is_greeted_by_name() {
        assert_eq!(greeted("J.R.R. Tolkien 2nd", true), "J.R.R. Tolkien 2nd");
        assert_eq!(greeted("see evil.example/x", true), "customer");
    }
}
