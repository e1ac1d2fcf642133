//! Table `customer_address`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, Select};

/// A postal address of a customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_address")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub customer_address_id: i32,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// The customer it belongs to.
    pub customer_id: i32,
    /// Who receives there.
    pub full_name: Option<String>,
    /// Telephone number as typed.
    pub telephone: Option<String>,
    /// First line.
    pub address_1: Option<String>,
    /// Second line.
    pub address_2: Option<String>,
    /// Postal code.
    pub postcode: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// ISO 3166-2 code, or free text.
    pub province: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// Whether it is the one default of its customer.
    pub is_default: bool,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// Counts the changes, from 1.
    pub version: i32,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The customer it belongs to.
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

impl Entity {
    /// The addresses of these customers: each customer's default first, then by age.
    pub fn find_by_customers(customer_ids: &[i32]) -> Select<Self> {
        Self::find()
            .filter(Column::CustomerId.is_in(customer_ids.iter().copied()))
            .order_by_desc(Column::IsDefault)
            .order_by_asc(Column::CustomerAddressId)
    }
}
