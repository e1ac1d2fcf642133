//! Addresses over GraphQL.

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::country::{Country, Province};
use super::node::{NodeKind, global_id};
use crate::api::graphql::counted::Text;
use crate::app::ctx::Ctx;
use crate::entity::customer_address::Model;
use crate::service::country;

/// A postal address of a customer.
pub(super) struct CustomerAddress {
    pub(super) row: Model,
    /// The customer it belongs to.
    pub(super) customer: Uuid,
}

/// A postal address of a customer.
#[Object]
impl CustomerAddress {
    /// Names it to `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::CustomerAddress, self.row.uuid)
    }

    /// Primary key.
    async fn customer_address_id(&self) -> i32 {
        self.row.customer_address_id
    }

    /// Primary key, once more.
    #[graphql(deprecation = "Use customerAddressId.")]
    async fn cart_address_id(&self) -> i32 {
        self.row.customer_address_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// Who receives there.
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

    /// Town.
    async fn city(&self) -> Option<Text<&str>> {
        self.row.city.as_deref().map(Text)
    }

    /// First line.
    async fn address1(&self) -> Option<Text<&str>> {
        self.row.address_1.as_deref().map(Text)
    }

    /// Second line.
    async fn address2(&self) -> Option<Text<&str>> {
        self.row.address_2.as_deref().map(Text)
    }

    /// Country.
    async fn country(&self) -> Option<Country> {
        country::find(&self.row.country).map(Country)
    }

    /// Province; one that ISO 3166-2 doesn't know goes by the text it was given.
    async fn province(&self) -> Option<Province> {
        let text = self.row.province.as_deref()?;
        Some(Province::named(text, &self.row.country))
    }

    /// What to call, with PATCH, to change it.
    async fn update_api(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(format!("{}/{}", addresses_url(ctx, self.customer)?, self.row.uuid))
    }

    /// What to call, with DELETE, to delete it.
    async fn delete_api(&self, ctx: &Context<'_>) -> Result<String> {
        self.update_api(ctx).await
    }

    /// Counts the changes, from 1. `If-Match: "3"` changes version 3 and no other.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Whether it is the customer's default.
    async fn is_default(&self) -> bool {
        self.row.is_default
    }
}

/// Where this caller adds addresses to this customer; each address is below it.
pub(super) fn addresses_url(ctx: &Context<'_>, customer: Uuid) -> Result<String> {
    Ok(match ctx.data::<Ctx>()?.is_admin() {
        true => format!("/api/customers/{customer}/addresses"),
        false => "/api/customers/me/addresses".to_owned(),
    })
}
