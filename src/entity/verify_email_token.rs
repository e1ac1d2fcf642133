//! Table `verify_email_token`.

use sea_orm::entity::prelude::*;

use crate::types::{EmailAddress, TokenHash};

/// A token that was mailed to an address, to find out whether it is the customer's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verify_email_token")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub verify_email_token_id: i64,
    /// Whose address it confirms.
    pub customer_id: i32,
    /// The address that it was mailed to: good only while that is the customer's, or is to become it.
    pub email: EmailAddress,
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(unique)]
    pub token: TokenHash,
    /// When it was mailed; it lasts for `PATRON_VERIFY_EMAIL_EXPIRY` from then on.
    pub created_at: DateTimeUtc,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
