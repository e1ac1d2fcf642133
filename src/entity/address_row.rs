//! The columns of an address that the GraphQL API reads.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select};

use super::customer_address::{Column, Entity};
use super::row::row;

row! {
    /// An address without the texts by which it is found.
    AddressRow {
        CustomerAddressId => customer_address_id: i32,
        Uuid => uuid: Uuid,
        CustomerId => customer_id: i32,
        FullName => full_name: Option<String>,
        Telephone => telephone: Option<String>,
        Address1 => address_1: Option<String>,
        Address2 => address_2: Option<String>,
        Postcode => postcode: Option<String>,
        City => city: Option<String>,
        Province => province: Option<String>,
        Country => country: String,
        IsDefault => is_default: bool,
        Version => version: i32,
    }
}

impl AddressRow {
    /// The addresses of these customers, in the order of
    /// [`find_by_customers`](super::customer_address::Entity::find_by_customers).
    pub fn of_customers(customer_ids: &[i32]) -> Select<Entity> {
        let select = Self::select().filter(Column::CustomerId.is_in(customer_ids.iter().copied()));
        select.order_by_desc(Column::IsDefault).order_by_asc(Column::CustomerAddressId)
    }
}

/// An address and the public identifier of its customer.
#[derive(Clone, Debug)]
pub struct CustomerAddressRow {
    pub address: AddressRow,
    pub customer: Uuid,
}

/// The customer is the column after those of the address.
impl FromQueryResult for CustomerAddressRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let address = AddressRow::from_query_result(row, prefix)?;
        Ok(Self { address, customer: row.try_get_by_index(AddressRow::COLUMNS)? })
    }
}
