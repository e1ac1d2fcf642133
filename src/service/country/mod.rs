//! Names and codes of countries (ISO 3166-1) and provinces (ISO 3166-2), and which parts their postal addresses have.

mod format;
mod metadata;
mod province;

use std::collections::HashSet;
use std::sync::LazyLock;

use rust_iso3166::{ALPHA2_MAP, CountryCode};

pub use format::{AddressFormat, AddressPart};
use metadata::ADDRESS_FORMATS;
pub use province::{find_province, find_province_of, provinces};

use crate::types::is_invisible;

/// All countries, sorted by name.
static COUNTRIES: LazyLock<Vec<CountryCode>> = LazyLock::new(|| {
    let mut countries: Vec<CountryCode> = ALPHA2_MAP.values().copied().collect();
    countries.sort_by_key(|country| country.name);
    countries
});

/// Finds a country by its ISO 3166-1 alpha-2 code; case and surrounding blanks do not matter.
pub fn find(code: &str) -> Option<CountryCode> {
    ALPHA2_MAP.get(code.trim_matches(is_invisible).to_ascii_uppercase().as_str()).copied()
}

/// Returns the countries with these codes, in the order of the codes. Unknown and repeated codes are skipped. An
/// empty list selects all countries, sorted by name, as in EverShop.
pub fn list(codes: &[String]) -> Vec<CountryCode> {
    if !codes.is_empty() {
        let mut seen = HashSet::new();
        let countries = codes.iter().filter_map(|code| find(code));
        return countries.filter(|country| seen.insert(country.alpha2)).collect();
    }
    COUNTRIES.clone()
}

/// Which of postcode and province the addresses in a country have, and which of them are required.
pub fn address_format(country: &CountryCode) -> AddressFormat {
    let found = ADDRESS_FORMATS.binary_search_by_key(&country.alpha2, |(code, _)| *code);
    found.map_or_else(|_| AddressFormat::default(), |at| ADDRESS_FORMATS[at].1)
}

#[cfg(test)]
mod tests {
    use super::{ADDRESS_FORMATS, AddressFormat, address_format, find};

    #[test]
    fn the_metadata_is_sorted_and_of_countries() {
        assert!(ADDRESS_FORMATS.is_sorted_by(|(one, _), (other, _)| one < other));
        for (code, format) in ADDRESS_FORMATS {
            assert_eq!(find(code).map(|country| address_format(&country)), Some(format), "{code}");
        }
        let angola = find("AO").expect("a country");
        assert_eq!(address_format(&angola), AddressFormat::default());
    }
}
