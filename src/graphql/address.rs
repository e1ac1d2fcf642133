//! Addresses over GraphQL.

use async_graphql::Object;

use super::country::{Country, Province};
use crate::entity::customer_address::Model;
use crate::service::country;

/// A postal address of a customer.
pub(super) struct CustomerAddress(pub(super) Model);

/// A postal address of a customer.
#[Object]
impl CustomerAddress {
    /// Primary key.
    async fn customer_address_id(&self) -> i32 {
        self.0.customer_address_id
    }

    /// Primary key, once more.
    #[graphql(deprecation = "Use customerAddressId.")]
    async fn cart_address_id(&self) -> i32 {
        self.0.customer_address_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// Who receives there.
    async fn full_name(&self) -> Option<&str> {
        self.0.full_name.as_deref()
    }

    /// Postal code.
    async fn postcode(&self) -> Option<&str> {
        self.0.postcode.as_deref()
    }

    /// Telephone number, as typed.
    async fn telephone(&self) -> Option<&str> {
        self.0.telephone.as_deref()
    }

    /// Town.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    /// First line.
    async fn address1(&self) -> Option<&str> {
        self.0.address_1.as_deref()
    }

    /// Second line.
    async fn address2(&self) -> Option<&str> {
        self.0.address_2.as_deref()
    }

    /// Country.
    async fn country(&self) -> Option<Country> {
        country::find(&self.0.country).map(Country)
    }

    /// Province; one that ISO 3166-2 doesn't know goes by the text it was given.
    async fn province(&self) -> Option<Province> {
        let text = self.0.province.as_deref()?;
        Some(Province::named(text, &self.0.country))
    }

    /// Whether it is the customer's default.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }
}
