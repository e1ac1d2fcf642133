//! Table `webhook_endpoint`.

use sea_orm::entity::prelude::*;

/// Somebody who is told of changes by HTTP.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub webhook_endpoint_id: i64,
    /// Public identifier.
    #[sea_orm(unique)]
    pub uuid: Uuid,
    /// Where events are posted to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Filters of kinds of events, a JSON array of texts.
    #[sea_orm(column_type = "JsonBinary")]
    pub events: Json,
    /// Whether it is told anything.
    pub enabled: bool,
    /// What deliveries are signed with, sealed.
    pub secret: Vec<u8>,
    /// What they were signed with before, sealed.
    pub previous_secret: Option<Vec<u8>>,
    /// Until when they are signed with that as well.
    pub previous_secret_expires_at: Option<DateTimeUtc>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// The tables it is joined with.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What it was told, or is to be told.
    #[sea_orm(has_many = "super::webhook_delivery::Entity")]
    Delivery,
}

impl Related<super::webhook_delivery::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Delivery.def()
    }
}

impl Model {
    /// Its filters of kinds of events: `customer.created`, `customer.*`, `*`.
    pub fn event_filters(&self) -> impl Iterator<Item = &str> {
        self.events.as_array().into_iter().flatten().filter_map(|filter| filter.as_str())
    }
}

impl ActiveModelBehavior for ActiveModel {}
