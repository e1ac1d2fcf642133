//! Table `journal_position`: one row, whose lock lets one publish at a time.

use sea_orm::entity::prelude::*;

/// The last place in the feed that was given, and the last that has expired.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_position")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub journal_position_id: i32,
    /// The place.
    pub position: i64,
    /// The place up to which entries have expired: they are deleted, or will be soon.
    pub expired_position: i64,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
