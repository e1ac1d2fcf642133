//! The root fields of countries and provinces.

use async_graphql::Object;

use super::ROOT;
use super::country::{AVERAGE_PROVINCES, Country, Province};
use crate::api::graphql::sized_output::List;
use crate::service::country;

/// Approximate number of countries, for the complexity of selecting all of them.
const ALL_COUNTRIES: usize = 250;

/// The root fields of countries and provinces.
#[derive(Default)]
pub(super) struct CountryQueries;

#[Object]
impl CountryQueries {
    /// All countries, or those with these codes, each once and sorted by name. Anyone may read them.
    #[graphql(complexity = "ROOT + child_complexity * max_countries(countries.as_deref())")]
    async fn countries(
        &self,
        #[graphql(
            desc = "ISO 3166-1 alpha-2 codes; unknown codes are ignored. An empty list selects all countries."
        )]
        countries: Option<Vec<Option<String>>>,
    ) -> List<Country> {
        country::list(&codes(countries)).into_iter().map(Country).collect()
    }

    /// The countries that are allowed in addresses: all countries, sorted by name. Anyone may read them.
    #[graphql(complexity = "ROOT + child_complexity * ALL_COUNTRIES")]
    async fn allowed_countries(&self) -> List<Country> {
        country::list(&[]).into_iter().map(Country).collect()
    }

    /// The provinces of all countries, or of those with these codes, sorted by country and name. Anyone may read them.
    #[graphql(
        complexity = "ROOT + child_complexity * AVERAGE_PROVINCES * max_countries(countries.as_deref())"
    )]
    async fn provinces(
        &self,
        #[graphql(
            desc = "ISO 3166-1 alpha-2 codes; unknown codes are ignored. An empty list selects all countries."
        )]
        countries: Option<Vec<Option<String>>>,
    ) -> List<Province> {
        let countries = country::list(&codes(countries));
        countries.iter().flat_map(country::provinces).copied().map(Province::Known).collect()
    }
}

/// The codes of an argument. A null matches no country.
fn codes(argument: Option<Vec<Option<String>>>) -> Vec<String> {
    argument.into_iter().flatten().map(Option::unwrap_or_default).collect()
}

/// Maximum number of countries that an argument selects, for the complexity. An empty list selects all.
fn max_countries(argument: Option<&[Option<String>]>) -> usize {
    argument
        .map(<[_]>::len)
        .filter(|codes| *codes > 0)
        .map_or(ALL_COUNTRIES, |codes| codes.min(ALL_COUNTRIES))
}
