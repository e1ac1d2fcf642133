//! Countries and provinces over GraphQL.

use async_graphql::{Object, SimpleObject};
use rust_iso3166::CountryCode;

use crate::service::country;

/// The provinces of a country, on average; for their complexity.
const PROVINCES: usize = 10;

/// A country, as ISO 3166-1 has it.
pub(super) struct Country(pub(super) CountryCode);

/// A country, as ISO 3166-1 has it.
#[Object]
impl Country {
    /// Short name, in English.
    async fn name(&self) -> &str {
        self.0.name
    }

    /// Alpha-2 code.
    async fn code(&self) -> &str {
        self.0.alpha2
    }

    /// Its provinces, by name.
    #[graphql(complexity = "PROVINCES * child_complexity")]
    async fn provinces(&self) -> Vec<Province> {
        let province = |province: rust_iso3166::iso3166_2::Subdivision| Province {
            name: province.name.to_owned(),
            code: province.code.to_owned(),
            country_code: province.country_code.to_owned(),
        };
        country::provinces(&self.0).into_iter().map(province).collect()
    }
}

/// A province, as ISO 3166-2 has it, or as it was typed.
#[derive(SimpleObject)]
pub(super) struct Province {
    /// Name.
    name: String,
    /// ISO 3166-2 code, or the text as it was typed.
    code: String,
    /// ISO 3166-1 alpha-2 code of its country.
    country_code: String,
}

impl Province {
    /// The province with this code, or by this name.
    pub(super) fn named(text: &str, country_code: &str) -> Self {
        let known = country::find_province(text);
        Self {
            name: known.map_or(text, |province| province.name).to_owned(),
            code: known.map_or(text, |province| province.code).to_owned(),
            country_code: country_code.to_owned(),
        }
    }
}
