//! Table `webhook_delivery`.

use sea_orm::entity::prelude::*;

use crate::types::DeliveryStatus;

/// An event on its way to an endpoint, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// Primary key; deliveries of one customer go out in its order.
    #[sea_orm(primary_key)]
    pub webhook_delivery_id: i64,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Where it goes.
    pub webhook_endpoint_id: i64,
    /// What it tells.
    pub journal_entry_id: i64,
    /// The customer it is about.
    pub customer_uuid: Option<Uuid>,
    /// How far it is.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// What the receiver answered last, an HTTP status.
    pub response_status: Option<i16>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was planned.
    pub created_at: DateTimeUtc,
    /// When it was first tried; three days later it is given up.
    pub first_attempt_at: Option<DateTimeUtc>,
    /// When it is tried next; in the future while somebody is sending it.
    pub next_attempt_at: DateTimeUtc,
    /// When the receiver took it.
    pub delivered_at: Option<DateTimeUtc>,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Where it goes.
    #[sea_orm(
        belongs_to = "super::webhook_endpoint::Entity",
        from = "Column::WebhookEndpointId",
        to = "super::webhook_endpoint::Column::WebhookEndpointId"
    )]
    Endpoint,
    /// What it tells.
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
