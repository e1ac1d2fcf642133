//! Table `admin_second_factor`.

use sea_orm::entity::prelude::*;

/// The second factor of an admin: one-time passwords (RFC 6238) from an authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_second_factor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub admin_user_id: i32,
    /// The shared secret, sealed.
    pub secret: Vec<u8>,
    /// The latest time step whose code was accepted; 0 before the first one. Codes of it and of earlier steps are refused.
    pub last_step: i64,
    pub created_at: DateTimeUtc,
    /// Time at which the admin entered the first code. NULL until then: the factor is pending and not asked for.
    pub confirmed_at: Option<DateTimeUtc>,
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
