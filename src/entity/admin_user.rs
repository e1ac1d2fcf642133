//! Table `admin_user`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use super::PublicId;
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
    /// Time of the last login.
    pub last_sign_in_at: Option<DateTimeUtc>,
    /// Tokens without a generation, which EverShop issues, are refused if they were issued before. Each increase of
    /// `token_generation` sets it.
    pub tokens_valid_from: Option<DateTimeUtc>,
}

/// What is known of an admin at every request: the columns that determine whether its tokens are valid, its second factor,
/// its last step-up, and when it last changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub admin_user_id: i32,
    pub uuid: Uuid,
    pub status: bool,
    pub token_generation: i64,
    pub tokens_valid_from: Option<DateTimeUtc>,
    /// Whether a second factor is on.
    pub has_second_factor: bool,
    /// When the admin of the session last confirmed who it is.
    pub stepped_up_at: Option<DateTimeUtc>,
    /// When the tokens of the session were last issued.
    pub session_used_at: Option<DateTimeUtc>,
    /// When the admin last changed something, in any session; see `admin_write`.
    pub last_write_at: Option<DateTimeUtc>,
}

impl Account {
    pub const COLUMNS: [Column; 5] =
        [Column::AdminUserId, Column::Uuid, Column::Status, Column::TokenGeneration, Column::TokensValidFrom];
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_one = "super::admin_second_factor::Entity")]
    SecondFactor,
    #[sea_orm(has_one = "super::admin_write::Entity")]
    LastWrite,
}

impl Related<super::admin_second_factor::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SecondFactor.def()
    }
}

impl Related<super::admin_write::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LastWrite.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The admin with this e-mail address in any spelling.
    pub fn find_by_address(email: &EmailAddress) -> Select<Self> {
        Self::find().filter(Column::EmailKey.eq(email.key()))
    }
}

impl PublicId for Entity {
    const NOUN: &'static str = "Admin";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}
