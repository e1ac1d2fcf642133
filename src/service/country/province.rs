//! Provinces (ISO 3166-2), found by codes and by names.

use std::collections::HashMap;
use std::sync::LazyLock;

use rust_iso3166::CountryCode;
use rust_iso3166::iso3166_2::{self, SUBDIVISION_COUNTRY_MAP, Subdivision};

use crate::types::{is_invisible, search_text};

/// The provinces of each country, sorted by name; the key is the alpha-2 code. Sorted once, because there are
/// thousands.
static PROVINCES: LazyLock<HashMap<&'static str, Vec<&'static Subdivision>>> = LazyLock::new(|| {
    let by_name = |all: &&'static [Subdivision]| {
        let mut provinces: Vec<&Subdivision> = all.iter().collect();
        provinces.sort_by_key(|province| province.name);
        provinces
    };
    SUBDIVISION_COUNTRY_MAP.entries().map(|(country, all)| (*country, by_name(all))).collect()
});

/// The provinces by the alpha-2 code of the country and the key of their name; `None` for a name that two provinces of the
/// country have, such as a region and its capital.
static BY_NAME: LazyLock<HashMap<(&'static str, String), Option<&'static Subdivision>>> =
    LazyLock::new(|| {
        let mut by_name = HashMap::new();
        for (country, provinces) in PROVINCES.iter() {
            for province in provinces.iter().copied() {
                let entry = by_name.entry((*country, name_key(province.name)));
                entry.and_modify(|known| *known = None).or_insert(Some(province));
            }
        }
        by_name
    });

/// The provinces of a country, sorted by name.
pub fn provinces(country: &CountryCode) -> &'static [&'static Subdivision] {
    PROVINCES.get(country.alpha2).map_or(&[], Vec::as_slice)
}

/// Finds a province by its ISO 3166-2 code; case and surrounding blanks do not matter.
pub fn find_province(code: &str) -> Option<Subdivision> {
    iso3166_2::from_code(&code.trim_matches(is_invisible).to_ascii_uppercase())
}

/// Finds a province of a country by its code without the country (`CA` for `US-CA`), or else by a name that no other
/// province of the country has. Case, accents and surrounding blanks do not matter.
pub fn find_province_of(country: &CountryCode, text: &str) -> Option<Subdivision> {
    let text = text.trim_matches(is_invisible);
    let by_name = || BY_NAME.get(&(country.alpha2, name_key(text))).copied().flatten().copied();
    find_province(&format!("{}-{text}", country.alpha2)).or_else(by_name)
}

/// The name without case and accents. The apostrophes that keyboards and spreadsheets write are the same.
fn name_key(name: &str) -> String {
    search_text(name).replace(['‘', '’', 'ʼ'], "'")
}

#[cfg(test)]
mod tests {
    use super::{find_province, find_province_of};
    use crate::service::country;

    fn code(country: &str, text: &str) -> Option<&'static str> {
        let country = country::find(country).expect("a country");
        find_province_of(&country, text).map(|province| province.code)
    }

    #[test]
    fn provinces_are_found_by_code_and_by_name() {
        for (country, text, expected) in [
            ("US", "ca", "US-CA"),
            ("CA", "BC", "CA-BC"),
            ("US", "\u{a0}New YORK ", "US-NY"),
            ("CA", "quebec", "CA-QC"),
            ("AT", "Wien", "AT-9"),
            ("AT", "9", "AT-9"),
            ("IT", "Valle d’Aosta", "IT-23"),
            ("SG", "Central Singapore", "SG-01"),
            // A code, and a name.
            ("PE", "ica", "PE-ICA"),
        ] {
            assert_eq!(code(country, text), Some(expected), "{country} {text}");
        }
        assert_eq!(find_province(" us-ca\u{feff}").map(|province| province.code), Some("US-CA"));
    }

    #[test]
    fn other_texts_are_not_provinces() {
        for (country, text) in [
            ("US", ""),
            ("US", "California, USA"),
            ("DE", "CA"),
            // Hong Kong has no provinces in ISO 3166-2.
            ("HK", "Kowloon"),
            // A province and an autonomous community; a district and a division.
            ("ES", "La Rioja"),
            ("BD", "Dhaka"),
            ("MZ", "MAPUTO"),
        ] {
            assert_eq!(code(country, text), None, "{country} {text}");
        }
        // Their codes are not ambiguous.
        assert_eq!(code("ES", "RI"), Some("ES-RI"));
    }
}
