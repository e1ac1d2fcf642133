//! Table `throttle`.

use sea_orm::entity::prelude::*;

/// How often something was tried that may not be tried too often.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "throttle")]
pub struct Model {
    /// What it is; see `service::throttle`. Addresses of people are in it as hashes only.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The number of times.
    pub count: i32,
    /// The first of them.
    pub since: DateTimeUtc,
    /// The last of them.
    pub updated_at: DateTimeUtc,
    /// Refused until then.
    pub blocked_until: Option<DateTimeUtc>,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
