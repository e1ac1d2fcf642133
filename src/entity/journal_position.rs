//! Table `journal_position`. Its lock on the only row allows one publisher at a time.

use sea_orm::entity::prelude::*;

/// The last assigned and the last expired position of the feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_position")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub journal_position_id: i32,
    /// The last assigned position.
    pub position: i64,
    /// Entries up to this position have expired. They are deleted, or will be soon.
    pub expired_position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
