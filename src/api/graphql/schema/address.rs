//! The GraphQL type of customer addresses.

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::country::{Country, Province};
use super::node::{NodeKind, global_id};
use crate::api::graphql::caller::customer_url;
use crate::api::graphql::in_place::{InPlace, InPlaceObject};
use crate::api::graphql::sized_output::Text;
use crate::entity::address_row::AddressRow;
use crate::service::country;

/// A postal address of a customer.
pub(super) struct CustomerAddress {
    pub(super) row: AddressRow,
    /// The uuid of the customer it belongs to.
    pub(super) customer: Uuid,
}

impl InPlaceObject for CustomerAddress {
    const CONCURRENT: &'static [&'static str] = &[];
}

/// A postal address of a customer.
#[Object]
impl CustomerAddress {
    /// The global ID, for the field `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::CustomerAddress, self.row.uuid)
    }

    /// Numeric ID.
    async fn customer_address_id(&self) -> i32 {
        self.row.customer_address_id
    }

    /// The same as `customerAddressId`.
    #[graphql(deprecation = "Use customerAddressId.")]
    async fn cart_address_id(&self) -> i32 {
        self.row.customer_address_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// Name of the recipient.
    async fn full_name(&self) -> Option<Text<&str>> {
        self.row.full_name.as_deref().map(Text)
    }

    /// Postal code.
    async fn postcode(&self) -> Option<Text<&str>> {
        self.row.postcode.as_deref().map(Text)
    }

    /// Telephone number, as typed.
    async fn telephone(&self) -> Option<Text<&str>> {
        self.row.telephone.as_deref().map(Text)
    }

    /// City or town.
    async fn city(&self) -> Option<Text<&str>> {
        self.row.city.as_deref().map(Text)
    }

    /// First line of the street address.
    async fn address1(&self) -> Option<Text<&str>> {
        self.row.address_1.as_deref().map(Text)
    }

    /// Second line of the street address.
    async fn address2(&self) -> Option<Text<&str>> {
        self.row.address_2.as_deref().map(Text)
    }

    /// The country; null if its stored code is unknown.
    async fn country(&self) -> Option<InPlace<Country>> {
        country::find(&self.row.country).map(Country).map(InPlace)
    }

    /// The province. If it is not in ISO 3166-2, its name and code are the stored text.
    async fn province(&self) -> Option<Province> {
        let text = self.row.province.as_deref()?;
        Some(Province::named(text, &self.row.country))
    }

    /// URL that updates this address with PATCH.
    async fn update_api(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(format!("{}/addresses/{}", customer_url(ctx, self.customer)?, self.row.uuid))
    }

    /// URL that deletes this address with DELETE.
    async fn delete_api(&self, ctx: &Context<'_>) -> Result<String> {
        self.update_api(ctx).await
    }

    /// Version number, from 1, increased by each change. A request with `If-Match: "3"` changes only version 3.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Whether this is the default address of the customer.
    async fn is_default(&self) -> bool {
        self.row.is_default
    }
}
