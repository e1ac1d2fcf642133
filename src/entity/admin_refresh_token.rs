//! Table `admin_refresh_token`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use crate::types::TokenHash;

/// A refresh token that was issued to an admin: those of one session are a family.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_refresh_token")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub admin_refresh_token_id: i64,
    /// The session it keeps logged in.
    pub admin_session_id: i64,
    /// The token that it was issued for; none for the first.
    pub parent_id: Option<i64>,
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(unique)]
    pub token_hash: TokenHash,
    /// Whether it was used.
    pub is_used: bool,
    /// When it expires, and need not be remembered any more.
    pub expires_at: DateTimeUtc,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The token with this hash.
    pub fn find_by_hash(token_hash: &TokenHash) -> Select<Self> {
        Self::find().filter(Column::TokenHash.eq(token_hash.clone()))
    }
}
