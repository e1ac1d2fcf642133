//! Table `customer_address`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Select};

use super::PublicId;

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
