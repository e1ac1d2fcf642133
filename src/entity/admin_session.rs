//! Table `admin_session`.

use sea_orm::entity::prelude::*;

use crate::types::TokenHash;

/// One login of an admin, and the family of refresh tokens that keeps it logged in. Ending a session is deleting its row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_session")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub admin_session_id: i64,
    /// Public identifier; the claim `sid` of its tokens.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Whose it is.
    pub admin_user_id: i32,
    /// What the client called itself when it logged in.
    pub user_agent: Option<String>,
    /// Where it logged in from.
    pub ip_address: Option<String>,
    /// When it logged in.
    pub created_at: DateTimeUtc,
    /// When it logged in or last got new tokens.
    pub last_used_at: DateTimeUtc,
    /// When its latest refresh token expires.
    pub expires_at: DateTimeUtc,
    /// How many times it was refreshed. Refresh tokens carry this count as their step.
    pub refresh_count: i64,
    /// Hash of the refresh token that was used last; none before the first refresh. It may be used again until one of the
    /// tokens is used that were issued for it.
    pub last_refresh_token: Option<TokenHash>,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Whose it is.
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
