//! Table `admin_recovery_code`.

use sea_orm::entity::prelude::*;

use crate::types::TokenHash;

/// A code that an admin uses instead of a one-time password, once. It is then deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_recovery_code")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub admin_recovery_code_id: i64,
    pub admin_user_id: i32,
    /// HMAC of the code, in hexadecimal digits.
    pub code: TokenHash,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
