//! Table `throttle`.

use sea_orm::entity::prelude::*;

/// A counter of attempts that are limited in number, such as login attempts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "throttle")]
pub struct Model {
    /// The limited action and its subject; see `service::login_attempts`. It contains e-mail addresses only as hashes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The number of attempts.
    pub count: i32,
    /// Time of the first attempt.
    pub since: DateTimeUtc,
    /// Time of the last attempt.
    pub updated_at: DateTimeUtc,
    /// Attempts are refused until this time.
    pub blocked_until: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
