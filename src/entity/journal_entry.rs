//! Table `journal_entry`.

use sea_orm::entity::prelude::*;

use crate::types::{Actor, EventKind};

/// A change of a record, written in the same transaction. It is the source of an event and of an audit entry.
/// Afterwards only its position is set, if it has none, and its data is erased when its customer is deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_entry")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub journal_entry_id: i64,
    pub uuid: Uuid,
    pub kind: EventKind,
    /// The version of the format of `data`.
    pub schema_version: i16,
    /// The affected customer, if any.
    pub customer_uuid: Option<Uuid>,
    /// The number of the change among those of the customer, from 1 without gaps.
    pub sequence: Option<i64>,
    /// The uuid of the changed customer, address, group or other record.
    pub record: Uuid,
    /// The record after the change, a JSON object without secrets. `meta_data` of a customer contains only the changed
    /// fields.
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Json,
    /// The names of the changed fields, a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub fields: Json,
    /// The previous values of the changed fields that the record already had, a JSON object without secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub before: Json,
    pub created_at: DateTimeUtc,
    pub actor: Actor,
    /// The uuid of the customer or admin that acted.
    pub actor_uuid: Option<Uuid>,
    /// The claim `jti` of the token.
    pub token_id: Option<Uuid>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    /// The position in the feed. NULL until the entry is published: after its commit, or with it.
    pub position: Option<i64>,
}

/// No foreign keys: an entry outlives its record.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl Model {
    /// The names of the changed fields.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields.as_array().into_iter().flatten().filter_map(|name| name.as_str())
    }
}

impl ActiveModelBehavior for ActiveModel {}
