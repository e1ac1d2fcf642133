//! Table `idempotency_key`.

use sea_orm::entity::prelude::*;

/// A request with an `Idempotency-Key`, written in the same transaction as the change of the request. It contains
/// neither the key nor the request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// Keyed hash of the caller, the route and the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// The caller: an account, or the network address of an anonymous client.
    pub caller: String,
    /// Keyed hash of the URL and the body.
    pub fingerprint: String,
    /// The response, sealed with the key. NULL until the request is completed, which other transactions never see.
    pub answer: Option<Vec<u8>>,
    /// The changed customer. The row is deleted with it.
    pub customer_uuid: Option<Uuid>,
    /// Time of the request.
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
