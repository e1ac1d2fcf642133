//! Table `saved_view`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use super::PublicId;

/// A named filter of the list of customers, which an admin has saved. It is deleted with its admin.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_view")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub saved_view_id: i64,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub admin_user_id: i32,
    pub name: String,
    /// The query string of the page that shows the view. Only the console interprets it.
    pub query: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl PublicId for Entity {
    const NOUN: &'static str = "Saved view";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}
