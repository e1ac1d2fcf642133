//! Table `idempotency_key`.

use sea_orm::entity::prelude::*;

/// A request that was sent with an `Idempotency-Key`, written in the transaction of what it did. Neither the key nor
/// the request is in it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// Caller, route and key, as a keyed hash.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// Whose it is: an account, or the network address of an anonymous caller.
    pub caller: String,
    /// URL and body, as a keyed hash.
    pub fingerprint: String,
    /// What was answered, sealed by the key; none while it is being done, which nobody else sees.
    pub answer: Option<Vec<u8>>,
    /// The customer that was changed: what is kept of it goes with it.
    pub customer_uuid: Option<Uuid>,
    /// When it came.
    pub created_at: DateTimeUtc,
    /// Forgotten from then on.
    pub expires_at: DateTimeUtc,
}

/// It is joined with no table.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
