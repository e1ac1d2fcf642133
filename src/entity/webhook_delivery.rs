//! Table `webhook_delivery`.

use sea_orm::entity::prelude::*;

use super::PublicId;
use crate::types::DeliveryStatus;

/// The delivery of an event to a webhook endpoint.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// Deliveries of one customer are sent in the order of this key.
    #[sea_orm(primary_key)]
    pub webhook_delivery_id: i64,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub webhook_endpoint_id: i64,
    pub journal_entry_id: i64,
    /// The customer of the event, if any.
    pub customer_uuid: Option<Uuid>,
    pub status: DeliveryStatus,
    /// The number of attempts.
    pub attempts: i32,
    /// The HTTP status of the last response.
    pub response_status: Option<i16>,
    /// The duration of the last attempt.
    pub duration_ms: Option<i32>,
    /// The reason why the last attempt failed.
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
    /// Time of the first attempt. After three days the delivery is not retried any more.
    pub first_attempt_at: Option<DateTimeUtc>,
    /// Time of the next attempt. While an instance is sending the delivery, the time at which its lease expires.
    pub next_attempt_at: DateTimeUtc,
    /// Time at which the receiver accepted it.
    pub delivered_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::webhook_endpoint::Entity",
        from = "Column::WebhookEndpointId",
        to = "super::webhook_endpoint::Column::WebhookEndpointId"
    )]
    Endpoint,
    #[sea_orm(
        belongs_to = "super::journal_entry::Entity",
        from = "Column::JournalEntryId",
        to = "super::journal_entry::Column::JournalEntryId"
    )]
    Entry,
}

impl Related<super::webhook_endpoint::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Endpoint.def()
    }
}

impl Related<super::journal_entry::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Entry.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl PublicId for Entity {
    const NOUN: &'static str = "Webhook delivery";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}
