//! The GraphQL types of countries and provinces.

use async_graphql::Object;
use rust_iso3166::CountryCode;
use rust_iso3166::iso3166_2::Subdivision;

use crate::api::graphql::in_place::InPlaceObject;
use crate::api::graphql::sized_output::{List, Text};
use crate::service::country;

/// Average number of provinces of a country, for the complexity.
pub(super) const AVERAGE_PROVINCES: usize = 10;

/// A country of ISO 3166-1.
pub(super) struct Country(pub(super) CountryCode);

impl InPlaceObject for Country {
    const CONCURRENT: &'static [&'static str] = &[];
}

/// A country of ISO 3166-1.
#[Object]
impl Country {
    /// English short name.
    async fn name(&self) -> &str {
        self.0.name
    }

    /// ISO 3166-1 alpha-2 code.
    async fn code(&self) -> &str {
        self.0.alpha2
    }

    /// Whether an address in the country must have a postcode.
    async fn postcode_required(&self) -> bool {
        country::address_format(&self.0).requires_postcode()
    }

    /// Whether an address in the country must have a province.
    async fn province_required(&self) -> bool {
        country::address_format(&self.0).requires_province()
    }

    /// The kind of postcode, for the label of a form: `postal`, `zip`, `pin` or `eircode`. Null if addresses in the country
    /// have no postcode.
    async fn postcode_label(&self) -> Option<&str> {
        country::address_format(&self.0).postcode.map(|part| part.label)
    }

    /// The kind of province, for the label of a form: `province`, `area`, `county`, `department`, `district`, `do_si`,
    /// `emirate`, `island`, `oblast`, `parish`, `prefecture` or `state`. Null if addresses in the country have no province.
    async fn province_label(&self) -> Option<&str> {
        country::address_format(&self.0).province.map(|part| part.label)
    }

    /// The provinces of the country, sorted by name.
    #[graphql(complexity = "AVERAGE_PROVINCES * child_complexity")]
    async fn provinces(&self) -> List<Province> {
        country::provinces(&self.0).iter().copied().map(Province::Known).collect()
    }
}

/// A province of ISO 3166-2, or the province of an address as typed.
pub(super) enum Province {
    /// A province of ISO 3166-2.
    Known(&'static Subdivision),
    /// The province of an address.
    Named {
        /// The entry in ISO 3166-2, if the text is a code.
        known: Option<Subdivision>,
        text: String,
        country_code: String,
    },
}

/// A province of ISO 3166-2, or the province of an address as typed.
#[Object]
impl Province {
    /// Name, or the text as typed.
    async fn name(&self) -> Text<&str> {
        Text(match self {
            Self::Known(known) => known.name,
            Self::Named { known: Some(known), .. } => known.name,
            Self::Named { text, .. } => text,
        })
    }

    /// ISO 3166-2 code, or the text as typed.
    async fn code(&self) -> Text<&str> {
        Text(match self {
            Self::Known(known) => known.code,
            Self::Named { known: Some(known), .. } => known.code,
            Self::Named { text, .. } => text,
        })
    }

    /// ISO 3166-1 alpha-2 code of the country.
    async fn country_code(&self) -> Text<&str> {
        Text(match self {
            Self::Known(known) => known.country_code,
            Self::Named { country_code, .. } => country_code,
        })
    }
}

impl Province {
    /// The province with this ISO 3166-2 code, or with this text as its name.
    pub(super) fn named(text: &str, country_code: &str) -> Self {
        let known = country::find_province(text);
        Self::Named { known, text: text.to_owned(), country_code: country_code.to_owned() }
    }
}
