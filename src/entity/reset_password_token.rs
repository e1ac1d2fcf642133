//! Table `reset_password_token`.

use sea_orm::entity::prelude::*;

use crate::types::TokenHash;

/// A token that was mailed to a customer who forgot its password.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reset_password_token")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub reset_password_token_id: i32,
    /// Whose password it sets.
    pub customer_id: i32,
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(unique)]
    pub token: TokenHash,
    /// When it was mailed; it lasts for `PATRON_RESET_PASSWORD_EXPIRY` from then on.
    pub created_at: DateTimeUtc,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
