//! Table `customer_group`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use super::PublicId;

/// The group of new customers, which can't be deleted.
pub const DEFAULT_GROUP_ID: i32 = 1;

/// A group of customers.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_group")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub customer_group_id: i32,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub group_name: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Unique [folded](crate::types::fold) name. NULL until it is computed, or while another group has the same one.
    #[sea_orm(unique)]
    pub name_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::customer::Entity")]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl PublicId for Entity {
    const NOUN: &'static str = "Group";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}

impl Entity {
    /// The groups with these primary keys.
    pub fn find_by_keys(ids: impl IntoIterator<Item = i32>) -> Select<Self> {
        Self::find().filter(Column::CustomerGroupId.is_in(ids))
    }
}
