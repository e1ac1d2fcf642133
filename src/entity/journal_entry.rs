//! Table `journal_entry`.

use sea_orm::entity::prelude::*;

use crate::types::{Actor, EventKind};

/// A change, written in its transaction: what happened, for whoever is told (an event), and who did it, for whoever
/// looks it up (audit). Never changed but for its position, and for what an erased customer leaves.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_entry")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key)]
    pub journal_entry_id: i64,
    /// Public identifier.
    pub uuid: Uuid,
    /// What happened.
    pub kind: EventKind,
    /// The version of the form of `data`.
    pub schema_version: i16,
    /// The customer it happened to, if any.
    pub customer_uuid: Option<Uuid>,
    /// Which of this customer's changes it is, from 1 without gaps.
    pub sequence: Option<i64>,
    /// The customer, address, group … that was changed.
    pub record: Uuid,
    /// The record as it is then, a JSON object without secrets; of a customer's `meta_data` what changed.
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Json,
    /// The names of the fields that changed, a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub fields: Json,
    /// What those of them were that the record had before, a JSON object without secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub before: Json,
    /// When it happened.
    pub created_at: DateTimeUtc,
    /// What kind of caller did it.
    pub actor: Actor,
    /// Which one.
    pub actor_uuid: Option<Uuid>,
    /// By which token (`jti`).
    pub token_id: Option<Uuid>,
    /// From where.
    pub ip_address: Option<String>,
    /// With what client.
    pub user_agent: Option<String>,
    /// By which request.
    pub request_id: String,
    /// Its place in the feed, given when it is committed; none until then.
    pub position: Option<i64>,
}

/// It is joined with no table: it outlives what it is about.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl Model {
    /// The names of the fields that changed.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields.as_array().into_iter().flatten().filter_map(|name| name.as_str())
    }
}

impl ActiveModelBehavior for ActiveModel {}
