//! Table `reset_password_token`.

use sea_orm::entity::prelude::*;

use crate::types::TokenHash;

/// A token that was mailed to a customer to set a new password.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reset_password_token")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub reset_password_token_id: i32,
    pub customer_id: i32,
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(unique)]
    pub token: TokenHash,
    /// Time at which it was mailed. It is valid for `PATRON_RESET_PASSWORD_EXPIRY` after that.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
