//! Table `customer_address`.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Select};

use super::PublicId;
use crate::types::{AddressTexts, place_key, postcode_key, telephone_key};

/// A postal address of a customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_address")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub customer_address_id: i32,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub customer_id: i32,
    /// Name of the recipient.
    pub full_name: Option<String>,
    /// Telephone number as typed.
    pub telephone: Option<String>,
    pub address_1: Option<String>,
    pub address_2: Option<String>,
    pub postcode: Option<String>,
    /// City or town.
    pub city: Option<String>,
    /// ISO 3166-2 code, or free text.
    pub province: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// Whether this is the default address. A customer has at most one.
    pub is_default: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Version number, from 1, increased by each change.
    pub version: i32,
    /// The folded texts by which the address is found, empty for a text that it lacks. All of them are NULL until they are
    /// computed.
    pub country_key: Option<String>,
    pub province_key: Option<String>,
    pub city_key: Option<String>,
    pub postcode_key: Option<String>,
    pub telephone_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::CustomerId"
    )]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    /// Computes the keys of the texts that are set.
    pub fn derive_keys(&mut self) {
        if let Set(country) = &self.country {
            self.country_key = Set(Some(place_key(country)));
        }
        if let Set(province) = &self.province {
            self.province_key = Set(key(place_key, province.as_deref()));
        }
        if let Set(city) = &self.city {
            self.city_key = Set(key(place_key, city.as_deref()));
        }
        if let Set(postcode) = &self.postcode {
            self.postcode_key = Set(key(postcode_key, postcode.as_deref()));
        }
        if let Set(telephone) = &self.telephone {
            self.telephone_key = Set(key(telephone_key, telephone.as_deref()));
        }
    }
}

impl Model {
    /// The texts that the keyword search matches.
    pub fn texts(&self) -> AddressTexts<'_> {
        AddressTexts {
            telephone: self.telephone.as_deref(),
            postcode: self.postcode.as_deref(),
            city: self.city.as_deref(),
            address_1: self.address_1.as_deref(),
            address_2: self.address_2.as_deref(),
        }
    }

    /// The keys of the stored texts, and no other column.
    pub fn keys(&self) -> ActiveModel {
        ActiveModel {
            country_key: Set(Some(place_key(&self.country))),
            province_key: Set(key(place_key, self.province.as_deref())),
            city_key: Set(key(place_key, self.city.as_deref())),
            postcode_key: Set(key(postcode_key, self.postcode.as_deref())),
            telephone_key: Set(key(telephone_key, self.telephone.as_deref())),
            ..Default::default()
        }
    }
}

/// The key of a text, empty if the address lacks it.
fn key(fold: fn(&str) -> String, text: Option<&str>) -> Option<String> {
    Some(fold(text.unwrap_or_default()))
}

impl PublicId for Entity {
    const NOUN: &'static str = "Address";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}

impl Entity {
    /// The addresses of these customers: for each customer the default address first, then the oldest.
    pub fn find_by_customers(customer_ids: &[i32]) -> Select<Self> {
        Self::find()
            .filter(Column::CustomerId.is_in(customer_ids.iter().copied()))
            .order_by_desc(Column::IsDefault)
            .order_by_asc(Column::CustomerAddressId)
    }
}
