//! Table `webhook_endpoint`.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, Select};

use super::PublicId;

/// A URL that receives events.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub webhook_endpoint_id: i64,
    #[sea_orm(unique)]
    pub uuid: Uuid,
    pub url: String,
    pub description: String,
    /// Filters of event kinds, a JSON array of strings.
    #[sea_orm(column_type = "JsonBinary")]
    pub events: Json,
    /// Whether it receives events.
    pub enabled: bool,
    /// The sealed signing secret.
    pub secret: Vec<u8>,
    /// The sealed signing secret before the last rotation.
    pub previous_secret: Option<Vec<u8>>,
    /// Until this time, deliveries are also signed with the previous secret.
    pub previous_secret_expires_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::webhook_delivery::Entity")]
    Delivery,
}

impl Related<super::webhook_delivery::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Delivery.def()
    }
}

impl Model {
    /// The filters of event kinds: `customer.created`, `customer.*`, `*`.
    pub fn event_filters(&self) -> impl Iterator<Item = &str> {
        self.events.as_array().into_iter().flatten().filter_map(|filter| filter.as_str())
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl PublicId for Entity {
    const NOUN: &'static str = "Webhook endpoint";

    fn find_by_public_id(uuid: Uuid) -> Select<Self> {
        Self::find().filter(Column::Uuid.eq(uuid))
    }
}
