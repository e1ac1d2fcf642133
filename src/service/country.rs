//! Names and codes of countries (ISO 3166-1) and provinces (ISO 3166-2).

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rust_iso3166::iso3166_2::{self, SUBDIVISION_COUNTRY_MAP, Subdivision};
use rust_iso3166::{ALPHA2_MAP, CountryCode};

/// All countries, sorted by name.
static COUNTRIES: LazyLock<Vec<CountryCode>> = LazyLock::new(|| {
    let mut countries: Vec<CountryCode> = ALPHA2_MAP.values().copied().collect();
    countries.sort_by_key(|country| country.name);
    countries
});

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

/// Finds a country by its ISO 3166-1 alpha-2 code; case does not matter.
pub fn find(code: &str) -> Option<CountryCode> {
    ALPHA2_MAP.get(code.to_ascii_uppercase().as_str()).copied()
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

/// The provinces of a country, sorted by name.
pub fn provinces(country: &CountryCode) -> &'static [&'static Subdivision] {
    PROVINCES.get(country.alpha2).map_or(&[], Vec::as_slice)
}

/// Finds a province by its ISO 3166-2 code; case does not matter.
pub fn find_province(code: &str) -> Option<Subdivision> {
    iso3166_2::from_code(&code.to_ascii_uppercase())
}
