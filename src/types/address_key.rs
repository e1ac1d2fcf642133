//! Keys of the parts of addresses, and the texts by which the keyword search finds addresses. Two spellings of a part have
//! the same key, so that filters find both.

use super::search_text;

/// Maximum length of a key, in bytes. An entry of an index can have two keys, and PostgreSQL limits it to 2704 bytes.
const MAX_BYTES: usize = 1024;

/// The key of a country, province or city: case and accents are ignored.
pub fn place_key(text: &str) -> String {
    bounded(search_text(text))
}

/// The key of a postcode: case, spaces and hyphens are ignored.
pub fn postcode_key(text: &str) -> String {
    bounded(search_text(text).chars().filter(|c| !c.is_whitespace() && *c != '-').collect())
}

/// The key of a telephone number: its digits. A text without digits is folded.
pub fn telephone_key(text: &str) -> String {
    let folded = search_text(text);
    let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
    bounded(if digits.is_empty() { folded } else { digits })
}

/// The texts of an address that the keyword search matches.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressTexts<'a> {
    /// Telephone number.
    pub telephone: Option<&'a str>,
    /// Postal code.
    pub postcode: Option<&'a str>,
    /// City or town.
    pub city: Option<&'a str>,
    /// First line.
    pub address_1: Option<&'a str>,
    /// Second line.
    pub address_2: Option<&'a str>,
}

impl AddressTexts<'_> {
    /// The folded texts. Telephone number and postcode also without their punctuation.
    pub fn folded(self) -> impl Iterator<Item = String> {
        let Self { telephone, postcode, city, address_1, address_2 } = self;
        let texts = [telephone, postcode, city, address_1, address_2].into_iter().flatten().map(search_text);
        let keys = [telephone.map(telephone_key), postcode.map(postcode_key)];
        texts.chain(keys.into_iter().flatten()).filter(|text| !text.is_empty())
    }
}

fn bounded(mut key: String) -> String {
    if key.len() > MAX_BYTES {
        key.truncate(key.floor_char_boundary(MAX_BYTES));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::{AddressTexts, MAX_BYTES, place_key, postcode_key, telephone_key};

    #[test]
    fn spellings_have_the_same_key() {
        assert_eq!(place_key("MÜNCHEN"), place_key("Munchen"));
        assert_eq!(postcode_key("M5V 2A2"), postcode_key("m5v2a2"));
        assert_eq!(postcode_key("01310-100"), "01310100");
        assert_eq!(telephone_key("+1 (555) 0123-456"), "15550123456");
        assert_eq!(telephone_key("１２３"), "123");
        assert_eq!(telephone_key("None"), "none");
    }

    #[test]
    fn texts_are_folded_with_and_without_their_punctuation() {
        let texts = AddressTexts {
            telephone: Some("+1 555-0100"),
            postcode: Some("M5V 2A2"),
            city: Some("Łódź"),
            address_2: Some(""),
            ..AddressTexts::default()
        };
        let folded: Vec<String> = texts.folded().collect();
        assert_eq!(folded, ["+1 555-0100", "m5v 2a2", "lodz", "15550100", "m5v2a2"]);
    }

    #[test]
    fn a_key_is_limited_at_a_character() {
        let key = place_key(&"漢".repeat(500));
        assert!(key.len() <= MAX_BYTES && key.len() > MAX_BYTES - 3 && key.chars().all(|c| c == '漢'));
    }
}
