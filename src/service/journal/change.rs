//! What an entry says of a change: the record as it is then, and which of its fields changed from what to what.

use sea_orm::prelude::Json;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::erased;
use crate::entity::journal_entry;
use crate::types::EventKind;

/// What an entry says, but for who did it.
#[derive(Clone, Debug)]
pub(in crate::service) struct Change {
    pub(super) kind: EventKind,
    pub(super) record: Uuid,
    pub(super) data: Json,
    pub(super) fields: Vec<String>,
    pub(super) before: Map<String, Value>,
}

impl Change {
    /// Something was made.
    pub(in crate::service) fn created(kind: EventKind, record: Uuid, data: Json) -> Self {
        Self::between(kind, record, &json!({}), data)
    }

    /// Something changed, from what is told of it before to what is told of it after.
    pub(in crate::service) fn updated(kind: EventKind, record: Uuid, before: &Json, data: Json) -> Self {
        Self::between(kind, record, before, data)
    }

    /// Something is gone.
    pub(in crate::service) fn deleted(kind: EventKind, record: Uuid, before: &Json) -> Self {
        Self::between(kind, record, before, json!({"uuid": record.to_string()}))
    }

    /// Something happened that has no values, or none that may be told.
    pub(in crate::service) fn happened(kind: EventKind, record: Uuid, data: Json) -> Self {
        Self { kind, record, data, fields: Vec::new(), before: Map::new() }
    }

    /// Also a secret changed, of which only that is told: neither before nor after has it.
    #[must_use]
    pub(in crate::service) fn with_secret(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    /// Whether anything changed.
    pub(in crate::service) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// What it is now is in the data: only what it was before is kept beside it.
    fn between(kind: EventKind, record: Uuid, before: &Json, data: Json) -> Self {
        let none = Map::new();
        let (old, new) = (before.as_object().unwrap_or(&none), data.as_object().unwrap_or(&none));
        let changed: Vec<&String> = old
            .keys()
            .chain(new.keys().filter(|name| !old.contains_key(*name)))
            .filter(|name| old.get(*name) != new.get(*name) && !ALWAYS.contains(&name.as_str()))
            .collect();
        let before = changed.iter().filter_map(|name| Some(((*name).clone(), old.get(*name)?.clone())));
        let (mut before, fields): (Map<_, _>, Vec<_>) =
            (before.collect(), changed.into_iter().cloned().collect());
        let narrowed = match (old.get(META_DATA), new.get(META_DATA)) {
            (Some(old), Some(new)) if old != new => Some(narrow(old, new)),
            (Some(_), Some(_)) => None,
            _ => return Self { kind, record, data, fields, before },
        };
        // It may be large: kept as a whole, each change of a name would be as large.
        let mut data = data;
        if let Value::Object(data) = &mut data {
            data.remove(META_DATA);
        }
        if let Some((old, new)) = narrowed {
            before.insert(META_DATA.to_owned(), old);
            data[META_DATA] = new;
        }
        Self { kind, record, data, fields, before }
    }
}

/// The field with a customer's custom fields and free-form data.
const META_DATA: &str = "meta_data";

/// What changed of `meta_data`, from what to what, as `{ namespace: { key: value } }`; free-form data by its first
/// names. What is gone is `null` after, and what is new is not there before.
fn narrow(old: &Json, new: &Json) -> (Json, Json) {
    fields_that_differ(old, new, |old, new| {
        fields_that_differ(old, new, |old, new| (old.clone(), new.clone()))
    })
}

fn fields_that_differ(old: &Json, new: &Json, inner: impl Fn(&Json, &Json) -> (Json, Json)) -> (Json, Json) {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return (old.clone(), new.clone());
    };
    let (mut before, mut after) = (Map::new(), Map::new());
    for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
        match (old.get(name), new.get(name)) {
            (old, new) if old == new => {}
            (Some(old), Some(new)) => {
                let (old, new) = inner(old, new);
                before.insert(name.clone(), old);
                after.insert(name.clone(), new);
            }
            (old, new) => {
                before.extend(old.map(|old| (name.clone(), old.clone())));
                after.insert(name.clone(), new.cloned().unwrap_or_default());
            }
        }
    }
    (Value::Object(before), Value::Object(after))
}

/// Fields that change with every change.
const ALWAYS: [&str; 2] = ["updated_at", "version"];

/// What the fields of an entry were and are, each as `{"old", "new"}`; of a secret only `"changed"`. Nothing of what
/// was erased.
pub fn changes(entry: &journal_entry::Model) -> Map<String, Value> {
    let mut changes = Map::new();
    if entry.data == erased() {
        return changes;
    }
    for name in entry.field_names() {
        let (old, new) = (entry.before.get(name), entry.data.get(name));
        let is_secret = old.is_none() && new.is_none();
        let change = if is_secret { json!("changed") } else { json!({"old": old, "new": new}) };
        changes.insert(name.to_owned(), change);
    }
    changes
}

/// Records as events tell of them: the columns that the API shows, under its names.
pub(in crate::service) mod snapshot {
    use sea_orm::prelude::Json;
    use serde_json::json;

    use crate::entity::{
        admin_user, customer, customer_address, customer_group, metafield_definition, webhook_endpoint,
    };
    use crate::types::timestamp;

    pub(in crate::service) fn customer(row: &customer::Model) -> Json {
        json!({
            "customer_id": row.customer_id,
            "uuid": row.uuid.to_string(),
            "status": row.status.number(),
            "group_id": row.group_id,
            "email": row.email.as_str(),
            "pending_email": row.pending_email.as_ref().map(|email| email.as_str()),
            "email_verified_at": row.email_verified_at.map(timestamp),
            "full_name": row.full_name,
            "meta_data": row.meta_data,
            "created_at": timestamp(row.created_at),
            "updated_at": timestamp(row.updated_at),
            "version": row.version,
        })
    }

    pub(in crate::service) fn address(row: &customer_address::Model) -> Json {
        json!({
            "customer_address_id": row.customer_address_id,
            "uuid": row.uuid.to_string(),
            "customer_id": row.customer_id,
            "full_name": row.full_name,
            "telephone": row.telephone,
            "address_1": row.address_1,
            "address_2": row.address_2,
            "postcode": row.postcode,
            "city": row.city,
            "province": row.province,
            "country": row.country,
            "is_default": row.is_default,
            "created_at": timestamp(row.created_at),
            "updated_at": timestamp(row.updated_at),
            "version": row.version,
        })
    }

    pub(in crate::service) fn group(row: &customer_group::Model) -> Json {
        json!({
            "customer_group_id": row.customer_group_id,
            "uuid": row.uuid.to_string(),
            "group_name": row.group_name,
            "created_at": timestamp(row.created_at),
            "updated_at": timestamp(row.updated_at),
        })
    }

    pub(in crate::service) fn metafield_definition(row: &metafield_definition::Model) -> Json {
        json!({
            "uuid": row.uuid.to_string(),
            "namespace": row.namespace,
            "key": row.field_key,
            "name": row.name,
            "description": row.description,
            "type": row.field_type.name(),
            "is_list": row.is_list,
            "required": row.required,
            "visible_to_customer": row.visible_to_customer,
            "validations": row.validations,
            "sub_fields": row.sub_fields,
            "position": row.position,
            "updated_at": timestamp(row.updated_at),
        })
    }

    pub(in crate::service) fn admin(row: &admin_user::Model) -> Json {
        json!({
            "uuid": row.uuid.to_string(),
            "status": row.status,
            "email": row.email.as_str(),
            "full_name": row.full_name,
            "updated_at": timestamp(row.updated_at),
        })
    }

    pub(in crate::service) fn webhook_endpoint(row: &webhook_endpoint::Model) -> Json {
        json!({
            "uuid": row.uuid.to_string(),
            "url": row.url,
            "description": row.description,
            "events": row.events,
            "enabled": row.enabled,
            "updated_at": timestamp(row.updated_at),
        })
    }
}
