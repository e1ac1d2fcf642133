//! Table `admin_session`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use super::PublicId;
use crate::types::TokenHash;

/// A session of an admin, with its token family. A session is ended by deleting its row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_session")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub admin_session_id: i64,
    /// Public identifier, which is the claim `sid` of its tokens.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub admin_user_id: i32,
    /// The `User-Agent` of the client at login.
    pub user_agent: Option<String>,
    /// The network address of the client at login.
    pub ip_address: Option<String>,
    pub created_at: DateTimeUtc,
    /// Time of the login or of the last refresh.
    pub last_used_at: DateTimeUtc,
    /// Time at which the latest refresh token expires.
    pub expires_at: DateTimeUtc,
    /// Number of refreshes. Refresh tokens contain it as their step.
    pub refresh_count: i64,
    /// Hash of the last used refresh token; NULL before the first refresh. The token can be used again until one of the
    /// tokens that were issued for it is used.
    pub last_refresh_token: Option<TokenHash>,
    /// Time at which the admin last confirmed in this session who it is.
    pub stepped_up_at: Option<DateTimeUtc>,
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

impl PublicId for Entity {
    const NOUN: &'static str = "Session";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}
