//! Table `admin_user`.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryFilter, Select};

use crate::types::{EmailAddress, PasswordHash};

/// A person or script of the back office.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_user")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub admin_user_id: i32,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Whether it may log in.
    pub status: bool,
    /// Kept as typed.
    pub email: EmailAddress,
    /// Hash in PHC string format.
    pub password: PasswordHash,
    /// Display name.
    pub full_name: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// Tokens of an earlier generation are refused; rises when the admin is disabled or its password set.
    pub token_generation: i64,
    /// [Key](EmailAddress::key) of the address, unique; NULL until it is computed.
    #[sea_orm(unique)]
    pub email_key: Option<String>,
}

/// What of an admin says whether a token is trusted: read at every request, so no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Account {
    /// Primary key.
    pub admin_user_id: i32,
    /// Public identifier.
    pub uuid: Uuid,
    /// Whether it may log in.
    pub status: bool,
    /// As in [`Model`].
    pub token_generation: i64,
}

impl Account {
    /// Its columns.
    pub const COLUMNS: [Column; 4] =
        [Column::AdminUserId, Column::Uuid, Column::Status, Column::TokenGeneration];
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The admin with this address, however it is spelled.
    pub fn find_by_address(email: &EmailAddress) -> Select<Self> {
        Self::find().filter(Column::EmailKey.eq(email.key()))
    }
}
