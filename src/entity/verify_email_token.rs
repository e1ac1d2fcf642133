//! Table `verify_email_token`.

use sea_orm::entity::prelude::*;

use crate::types::{EmailAddress, TokenHash};

/// A token that was mailed to an address, so that the customer can confirm it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verify_email_token")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub verify_email_token_id: i64,
    pub customer_id: i32,
    /// The address that the token was mailed to. The token is valid only while this is the address of the customer, or
    /// that of its pending e-mail change.
    pub email: EmailAddress,
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(unique)]
    pub token: TokenHash,
    /// Time at which it was mailed. It is valid for `PATRON_VERIFY_EMAIL_EXPIRY` after that.
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
