//! Countries and provinces over GraphQL.

use async_graphql::Object;
use rust_iso3166::CountryCode;
use rust_iso3166::iso3166_2::Subdivision;

use crate::api::graphql::counted::{List, Text};
use crate::service::country;

/// The provinces of a country, on average; for their complexity.
pub(super) const PROVINCES: usize = 10;

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
    async fn provinces(&self) -> List<Province> {
        country::provinces(&self.0).iter().copied().map(Province::Known).collect()
    }
}

/// A province, as ISO 3166-2 has it, or as it was typed.
pub(super) enum Province {
    /// One of ISO 3166-2.
    Known(&'static Subdivision),
    /// One by the text that an address has.
    Named {
        /// Its entry in ISO 3166-2, if the text is a code.
        known: Option<Subdivision>,
        text: String,
        country_code: String,
    },
}

/// A province, as ISO 3166-2 has it, or as it was typed.
#[Object]
impl Province {
    /// Name.
    async fn name(&self) -> Text<&str> {
        Text(match self {
            Self::Known(known) => known.name,
            Self::Named { known: Some(known), .. } => known.name,
            Self::Named { text, .. } => text,
        })
    }

    /// ISO 3166-2 code, or the text as it was typed.
    async fn code(&self) -> Text<&str> {
        Text(match self {
            Self::Known(known) => known.code,
            Self::Named { known: Some(known), .. } => known.code,
            Self::Named { text, .. } => text,
        })
    }

    /// ISO 3166-1 alpha-2 code of its country.
    async fn country_code(&self) -> Text<&str> {
        Text(match self {
            Self::Known(known) => known.country_code,
            Self::Named { country_code, .. } => country_code,
        })
    }
}

impl Province {
    /// The province with this code, or by this name.
    pub(super) fn named(text: &str, country_code: &str) -> Self {
        let known = country::find_province(text);
        Self::Named { known, text: text.to_owned(), country_code: country_code.to_owned() }
    }
}
