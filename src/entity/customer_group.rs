//! Table `customer_group`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

/// The group a new customer belongs to, and the one that can't be deleted.
pub const DEFAULT_GROUP_ID: i32 = 1;

/// A group of customers.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_group")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub customer_group_id: i32,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Its name.
    pub group_name: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// The name [folded](crate::types::fold), unique; NULL until it is computed, or while another group has it.
    #[sea_orm(unique)]
    pub name_key: Option<String>,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its members.
    #[sea_orm(has_many = "super::customer::Entity")]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The groups with these primary keys.
    pub fn find_by_keys(ids: impl IntoIterator<Item = i32>) -> Select<Self> {
        Self::find().filter(Column::CustomerGroupId.is_in(ids))
    }
}
