//! Table `customer_metafield_value`.

use sea_orm::entity::prelude::*;

/// A value of a custom field in an indexed form: a copy from `customer.meta_data`. A list has a row for each of its items.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_metafield_value")]
pub struct Model {
    /// Namespace and key, joined by a dot.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The value as a text of limited length; empty for a value that can't be compared, such as a group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub value_key: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
