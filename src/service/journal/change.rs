//! The content of a journal entry: the record after the change, the names of the changed fields, and their previous
//! values. `meta_data` may be large, so an entry contains only its changed fields.

use sea_orm::prelude::Json;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::entity::journal_entry;
use crate::types::EventKind;

/// The content of a journal entry, without the actor.
#[derive(Clone, Debug)]
pub(in crate::service) struct Change {
    pub(super) kind: EventKind,
    pub(super) record: Uuid,
    pub(super) data: Json,
    pub(super) fields: Vec<String>,
    pub(super) before: Map<String, Value>,
}

impl Change {
    /// A record was created.
    pub(in crate::service) fn created(kind: EventKind, record: Uuid, data: Json) -> Self {
        Self::between(kind, record, &json!({}), data)
    }

    /// A record changed. `before` and `data` are its snapshots before and after the change.
    pub(in crate::service) fn updated(kind: EventKind, record: Uuid, before: &Json, data: Json) -> Self {
        Self::between(kind, record, before, data)
    }

    /// A record was deleted.
    pub(in crate::service) fn deleted(kind: EventKind, record: Uuid, before: &Json) -> Self {
        Self::between(kind, record, before, json!({"uuid": record.to_string()}))
    }

    /// An event without changed fields.
    pub(in crate::service) fn event(kind: EventKind, record: Uuid, data: Json) -> Self {
        Self { kind, record, data, fields: Vec::new(), before: Map::new() }
    }

    /// Adds a secret to the changed fields. Its values are not recorded.
    #[must_use]
    pub(in crate::service) fn with_secret(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    /// Removes the values, for a customer that is deleted already.
    #[must_use]
    pub(in crate::service) fn into_erased(self) -> Self {
        Self { data: erased(), before: Map::new(), ..self }
    }

    /// Whether no field changed.
    pub(in crate::service) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Compares two snapshots. `data` holds the current values, so the entry keeps only the previous values beside it.
    fn between(kind: EventKind, record: Uuid, before: &Json, data: Json) -> Self {
        let empty = Map::new();
        let (old, new) = (before.as_object().unwrap_or(&empty), data.as_object().unwrap_or(&empty));
        let changed: Vec<&String> = old
            .keys()
            .chain(new.keys().filter(|name| !old.contains_key(*name)))
            .filter(|name| old.get(*name) != new.get(*name) && !IGNORED.contains(&name.as_str()))
            .collect();
        let before = changed.iter().filter_map(|name| Some(((*name).clone(), old.get(*name)?.clone())));
        let (mut before, fields): (Map<_, _>, Vec<_>) =
            (before.collect(), changed.into_iter().cloned().collect());
        let changed_meta_data = match (old.get(META_DATA), new.get(META_DATA)) {
            (Some(old), Some(new)) if old != new => Some(differing_meta_data(old, new)),
            (Some(_), Some(_)) => None,
            _ => return Self { kind, record, data, fields, before },
        };
        // `meta_data` may be large: a change of the name must not repeat all of it.
        let mut data = data;
        if let Value::Object(data) = &mut data {
            data.remove(META_DATA);
        }
        if let Some((old, new)) = changed_meta_data {
            before.insert(META_DATA.to_owned(), old);
            data[META_DATA] = new;
        }
        Self { kind, record, data, fields, before }
    }
}

/// The field that holds a customer's custom fields and free-form data.
const META_DATA: &str = "meta_data";

/// Reduces the old and the new `meta_data` to the fields that differ, as `{ namespace: { key: value } }`. Free-form
/// data is compared in its first two levels. A removed field is `null` in the new value; an added field is absent from
/// the old value.
fn differing_meta_data(old: &Json, new: &Json) -> (Json, Json) {
    differing_fields(old, new, |old, new| differing_fields(old, new, |old, new| (old.clone(), new.clone())))
}

fn differing_fields(old: &Json, new: &Json, inner: impl Fn(&Json, &Json) -> (Json, Json)) -> (Json, Json) {
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

/// Fields that every update changes; they are not listed.
const IGNORED: [&str; 2] = ["updated_at", "version"];

/// The data of an erased entry.
pub(super) fn erased() -> Json {
    json!({"erased": true})
}

/// The changed fields of an entry, each as `{"old": …, "new": …}`, or `"changed"` for a secret. Empty for an entry
/// whose data was erased.
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

/// Snapshots of records for events: the columns that the API returns, under the API's names.
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
