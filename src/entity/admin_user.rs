//! Table `admin_user`.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryFilter, Select};

use crate::types::{EmailAddress, PasswordHash};

/// An admin: a person or a script of the back office.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_user")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub admin_user_id: i32,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Whether the admin may log in.
    pub status: bool,
    /// E-mail address as typed.
    pub email: EmailAddress,
    pub password: PasswordHash,
    pub full_name: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Tokens of an earlier generation are refused. It is increased when the admin is disabled or its password is set.
    pub token_generation: i64,
    /// Unique [key](EmailAddress::key) of the e-mail address; NULL until it is computed.
    #[sea_orm(unique)]
    pub email_key: Option<String>,
}

/// The columns of an admin that determine whether its tokens are valid. They are read at every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Account {
    pub admin_user_id: i32,
    pub uuid: Uuid,
    pub status: bool,
    pub token_generation: i64,
}

impl Account {
    pub const COLUMNS: [Column; 4] =
        [Column::AdminUserId, Column::Uuid, Column::Status, Column::TokenGeneration];
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The admin with this e-mail address in any spelling.
    pub fn find_by_address(email: &EmailAddress) -> Select<Self> {
        Self::find().filter(Column::EmailKey.eq(email.key()))
    }
}
