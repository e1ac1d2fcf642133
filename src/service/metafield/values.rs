//! Values of custom fields: what a caller sets, and what of it is kept.

use std::sync::Arc;

use sea_orm::prelude::Json;
use sea_orm::{ConnectionTrait, IntoActiveModel};
use serde_json::{Map, Value};

use super::compiled::cached;
use super::cost::{Budget, is_light};
use super::definitions_snapshot::DefinitionsSnapshot;
use super::schema::validate_value;
use super::{blocking, name_of};
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::metafield_definition::Model;
use crate::error::{Error, Result};
use crate::service::account::{Owner, find_for_update, save};
use crate::service::input::meta_data::check_size;
use crate::service::input::patch::{Field, Problems, plain_numbers};
use crate::spend;

/// The most unknown names that are told of; there may be as many as fit into a body.
const MAX_UNKNOWN: usize = 100;
/// How much of an unknown name is said back, in characters.
const MAX_NAME: usize = 64;

/// Values of custom fields that were set.
#[derive(Clone, Debug)]
pub struct Values {
    /// What the caller may see of them, as `{ namespace: { key: value } }`.
    pub meta_data: Json,
    /// The customer's version.
    pub version: i32,
}

/// Sets values of custom fields, given as `{ namespace: { key: value } }`: absent stays, `null` and what is empty
/// removes. A change moves the customer's `version` and `updated_at`. Answers with the whole `meta_data` for an
/// admin, and with the custom fields that it may see for a customer.
///
/// # Errors
/// [`Error::Invalid`] with all problems, among them fields that aren't defined or that the caller may not see,
/// [`Error::NotFound`] for the customer, [`Error::PreconditionFailed`] for another version of it than the present one.
pub async fn set_values(
    ctx: &Ctx,
    write: Write<Values>,
    owner: Owner,
    metafields: Field,
) -> Result<Written<Values>> {
    let uuid = owner.authorize(ctx)?;
    ctx.require_if_match()?;
    let given = match metafields {
        Field::Value(Value::Object(given)) => given,
        Field::Absent | Field::Null => {
            return Err(Error::invalid("metafields", "Custom fields are required"));
        }
        Field::Value(_) => return Err(Error::invalid("metafields", "Custom fields must be an object")),
    };
    // Values are not checked for nobody; the transaction looks again.
    let found = customer::Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
    ctx.if_match.check(found.ok_or(Error::NotFound("Customer"))?.version)?;
    let prepare = async || {
        let definitions_snapshot = DefinitionsSnapshot::read(ctx).await?;
        let definitions = definitions_snapshot.visible(ctx);
        let validated = off_thread(Value::Object(given.clone()), &definitions, validate_given).await?;
        Ok((definitions_snapshot, definitions, validated))
    };
    spend!(ctx, write, { prepare().await }, |tx, prepared| {
        let (definitions_snapshot, definitions, validated) = prepared;
        // The customer before the definitions: see the top of `mod.rs`.
        let current = find_for_update(tx, uuid).await?;
        ctx.if_match.check(current.version)?;
        definitions_snapshot.ensure_holds(tx).await?;
        let meta_data = apply(&current.meta_data, validated);
        check_size("metafields", &meta_data, Some(&current.meta_data))?;
        let shown = if ctx.is_admin() { meta_data.clone() } else { shown(&meta_data, definitions) };
        let mut row = current.clone().into_active_model();
        row.meta_data.set_if_not_equals(meta_data);
        let saved = save(ctx, tx, current, row, None).await?;
        Ok(Values { meta_data: shown, version: saved.version })
    })
}

/// The value of a custom field in a customer's `meta_data`.
pub fn value<'a>(definition: &Model, meta_data: &'a Json) -> Option<&'a Json> {
    meta_data.get(&definition.namespace)?.get(&definition.field_key)
}

/// Takes the value of a custom field out of a customer's `meta_data`.
pub fn take_value(definition: &Model, meta_data: &mut Json) -> Option<Json> {
    let value = value(definition, meta_data).cloned()?;
    if let Json::Object(meta_data) = meta_data {
        remove(meta_data, &definition.namespace, &definition.field_key);
    }
    Some(value)
}

/// Free-form `meta_data` with the custom fields in it as they are kept, validated before a transaction.
#[derive(Debug)]
pub(in crate::service) struct CheckedMetaData {
    meta_data: Json,
    definitions_snapshot: DefinitionsSnapshot,
}

impl CheckedMetaData {
    /// It, if it is still validated by what is in force, which stays so until the transaction ends.
    ///
    /// # Errors
    /// [`Error::Outdated`].
    pub(in crate::service) async fn in_force(&self, tx: &impl ConnectionTrait) -> TxResult<Json> {
        self.definitions_snapshot.ensure_holds(tx).await?;
        Ok(self.meta_data.clone())
    }
}

/// Judges free-form `meta_data` by the custom fields in it; one that breaks its definition is refused.
pub(in crate::service) async fn checked(
    ctx: &Ctx,
    meta_data: Option<&Json>,
) -> Result<Option<CheckedMetaData>> {
    let Some(meta_data) = meta_data.cloned() else {
        return Ok(None);
    };
    let definitions_snapshot = DefinitionsSnapshot::read(ctx).await?;
    let meta_data = off_thread(meta_data, definitions_snapshot.definitions(), conform).await?;
    Ok(Some(CheckedMetaData { meta_data, definitions_snapshot }))
}

/// Judges values, on a thread of its own when that may take long.
async fn off_thread<T: Send + 'static>(
    given: Value,
    definitions: &Arc<[Model]>,
    validate: fn(Value, &[Model], &mut Budget) -> Result<T>,
) -> Result<T> {
    if is_quick(&given, definitions) {
        return validate(given, definitions, &mut Budget::new());
    }
    let definitions = Arc::clone(definitions);
    blocking::run(move || validate(given, &definitions, &mut Budget::new())).await?
}

/// Whether values can be validated at once: all definitions are compiled, and the values are small.
fn is_quick(given: &Value, definitions: &[Model]) -> bool {
    let mut steps: u64 = 0;
    for definition in definitions {
        let Some(value) = value(definition, given) else { continue };
        let Some(compiled) = cached(definition) else { return false };
        steps = steps.saturating_add(compiled.costs.of(value));
    }
    is_light(steps)
}

/// The custom fields in free-form `meta_data`, validated by these definitions.
pub(in crate::service) fn conform(
    mut meta_data: Json,
    definitions: &[Model],
    budget: &mut Budget,
) -> Result<Json> {
    const FIELD: &str = "meta_data";
    let mut problems = Problems::default();
    for definition in definitions {
        let namespace = meta_data.get_mut(&definition.namespace);
        let Some(namespace) = namespace else { continue };
        let Value::Object(fields) = namespace else {
            let message = not_an_object(&definition.namespace);
            if !problems.has(FIELD, &message) {
                problems.add(FIELD, message);
            }
            continue;
        };
        let Some(value) = fields.remove(&definition.field_key) else { continue };
        match validate_value(definition, value, budget) {
            Ok(kept) => fields.extend(kept.map(|value| (definition.field_key.clone(), value))),
            Err(reasons) => reasons.into_iter().for_each(|reason| problems.add(FIELD, reason)),
        }
    }
    problems.finish()?;
    Ok(meta_data)
}

/// What is kept of a value that was given.
#[derive(Clone, Debug)]
pub(in crate::service) struct ValidatedValue {
    namespace: String,
    key: String,
    /// None removes it.
    value: Option<Value>,
}

/// Judges values, given as `{ namespace: { key: value } }`, by these definitions.
pub(in crate::service) fn validate_given(
    given: Value,
    definitions: &[Model],
    budget: &mut Budget,
) -> Result<Vec<ValidatedValue>> {
    let mut problems = Problems::default();
    let mut unknown = 0;
    let mut validated = Vec::new();
    let Value::Object(given) = given else { return Ok(validated) };
    for (namespace, fields) in given {
        let Value::Object(fields) = fields else {
            let namespace = excerpt(&namespace);
            problems.add(&namespace, not_an_object(&namespace));
            continue;
        };
        for (key, mut value) in fields {
            let same = |one: &&Model| one.namespace == namespace && one.field_key == key;
            let Some(definition) = definitions.iter().find(same) else {
                unknown += 1;
                if unknown <= MAX_UNKNOWN {
                    let (namespace, key) = (excerpt(&namespace), excerpt(&key));
                    let name = name_of(&namespace, &key);
                    problems.add(&format!("{namespace}.{key}"), format!("There is no custom field {name}"));
                }
                continue;
            };
            plain_numbers(&mut value);
            match validate_value(definition, value, budget) {
                Ok(value) => validated.push(ValidatedValue { namespace: namespace.clone(), key, value }),
                Err(reasons) => {
                    let field = format!("{namespace}.{key}");
                    reasons.into_iter().for_each(|reason| problems.add(&field, reason));
                }
            }
        }
    }
    problems.finish()?;
    Ok(validated)
}

/// `meta_data` with what was validated in place.
pub(in crate::service) fn apply(meta_data: &Json, validated: &[ValidatedValue]) -> Json {
    let mut merged = meta_data.as_object().cloned().unwrap_or_default();
    for ValidatedValue { namespace, key, value } in validated {
        match value {
            Some(value) => put(&mut merged, namespace, key.clone(), value.clone()),
            None => remove(&mut merged, namespace, key),
        }
    }
    Json::Object(merged)
}

fn put(meta_data: &mut Map<String, Value>, namespace: &str, key: String, value: Value) {
    let fields = meta_data.entry(namespace).or_insert(Value::Null);
    match fields {
        Value::Object(fields) => {
            fields.insert(key, value);
        }
        // Free-form data of earlier times; the field is defined, and what is in its place is not one.
        other => *other = Value::Object(Map::from_iter([(key, value)])),
    }
}

/// Removes a value, and its namespace when that was all of it.
pub(super) fn remove(meta_data: &mut Map<String, Value>, namespace: &str, key: &str) {
    let Some(Value::Object(fields)) = meta_data.get_mut(namespace) else { return };
    if fields.remove(key).is_some() && fields.is_empty() {
        meta_data.remove(namespace);
    }
}

/// The values of these custom fields and nothing else, as `{ namespace: { key: value } }`.
pub(in crate::service) fn shown(meta_data: &Json, definitions: &[Model]) -> Json {
    let mut fields = Map::new();
    for definition in definitions {
        if let Some(value) = value(definition, meta_data) {
            put(&mut fields, &definition.namespace, definition.field_key.clone(), value.clone());
        }
    }
    Json::Object(fields)
}

fn not_an_object(namespace: &str) -> String {
    format!("Custom fields of \"{namespace}\" must be an object")
}

fn excerpt(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
