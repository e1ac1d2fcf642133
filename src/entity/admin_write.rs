//! Table `admin_write`.

use sea_orm::entity::prelude::*;

/// When an admin last changed something. Recorded at most once a second, and only if the settings name replicas; see
/// `app::own_writes`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_write")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub admin_user_id: i32,
    pub written_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::admin_user::Entity",
        from = "Column::AdminUserId",
        to = "super::admin_user::Column::AdminUserId"
    )]
    Admin,
}

impl Related<super::admin_user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Admin.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
