//! Values of custom fields: validation of the values that a caller sets, and their place in `meta_data`.
//!
//! Values are validated before the transaction, which then checks that no definition has changed. Expensive validation
//! runs on a blocking thread. An empty value removes the field.

use std::sync::Arc;

use sea_orm::prelude::Json;
use sea_orm::{ConnectionTrait, IntoActiveModel};
use serde_json::{Map, Value};

use super::blocking;
use super::compiled::cached;
use super::cost::{ValidationBudget, is_light};
use super::definitions_snapshot::DefinitionsSnapshot;
use super::identity::name_of;
use super::input::ValuesInput;
use super::schema::validate_value;
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::metafield_definition::Model;
use crate::entity::{PublicId, customer};
use crate::error::{Error, Result, truncate};
use crate::service::account::{Owner, save};
use crate::service::input::meta_data::check_size;
use crate::service::input::patch::{Field, Problems, normalize_numbers};
use crate::service::query::lock::find_for_update;
use crate::spend;

/// The maximum number of unknown fields that are reported.
const MAX_UNKNOWN: usize = 100;
/// The maximum length of an unknown name in a message, in characters.
const MAX_NAME: usize = 64;

/// The response to a change of custom fields.
#[derive(Clone, Debug)]
pub struct MetafieldValues {
    /// The values that the caller may see, as `{ namespace: { key: value } }`.
    pub meta_data: Json,
    /// The new version of the customer.
    pub version: i32,
}

/// Sets values of custom fields, given as `{ namespace: { key: value } }`. Absent fields keep their values; `null` and
/// empty values remove fields. A change updates the customer's `version` and `updated_at`. Returns the whole
/// `meta_data` to an admin, and the visible custom fields to a customer.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, including fields that are not defined or not visible to the
/// caller; [`Error::NotFound`] for an unknown customer; [`Error::PreconditionFailed`] if `If-Match` names another
/// version.
pub async fn set_values(
    ctx: &Ctx,
    write: Write<MetafieldValues>,
    owner: Owner,
    input: ValuesInput,
) -> Result<Written<MetafieldValues>> {
    let uuid = owner.uuid();
    ctx.require_if_match()?;
    let input = match input.metafields {
        Field::Value(Value::Object(input)) => input,
        Field::Absent | Field::Null => {
            return Err(Error::invalid("metafields", "Custom fields are required"));
        }
        Field::Value(_) => return Err(Error::invalid("metafields", "Custom fields must be an object")),
    };
    // Checked before the validation, which is expensive, and again in the transaction.
    let customer = customer::Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
    ctx.if_match.check(customer.ok_or(Error::NotFound(customer::Entity::NOUN))?.version)?;
    let prepare = async || {
        let definitions_snapshot = DefinitionsSnapshot::read(ctx).await?;
        let definitions = definitions_snapshot.visible(ctx);
        let validated =
            validate_with_budget(Value::Object(input.clone()), &definitions, validate_values).await?;
        Ok((definitions_snapshot, definitions, validated))
    };
    spend!(ctx, write, { prepare().await }, |tx, prepared| {
        let (definitions_snapshot, definitions, validated) = prepared;
        // The customer before the definitions: see the lock order in `mod.rs`.
        let current = find_for_update::<customer::Entity>(tx, uuid).await?;
        ctx.if_match.check(current.version)?;
        definitions_snapshot.ensure_unchanged(tx).await?;
        let meta_data = apply(&current.meta_data, validated);
        check_size("metafields", &meta_data, Some(&current.meta_data))?;
        let visible =
            if ctx.is_admin() { meta_data.clone() } else { visible_values(&meta_data, definitions) };
        let mut row = current.clone().into_active_model();
        row.meta_data.set_if_not_equals(meta_data);
        let saved = save(ctx, tx, current, row, None).await?;
        Ok(MetafieldValues { meta_data: visible, version: saved.version })
    })
}

/// Returns the value of a custom field in a customer's `meta_data`.
pub fn value<'a>(definition: &Model, meta_data: &'a Json) -> Option<&'a Json> {
    meta_data.get(&definition.namespace)?.get(&definition.field_key)
}

/// Removes the value of a custom field from a customer's `meta_data` and returns it.
pub fn take_value(definition: &Model, meta_data: &mut Json) -> Option<Json> {
    let value = value(definition, meta_data).cloned()?;
    if let Json::Object(meta_data) = meta_data {
        remove(meta_data, &definition.namespace, &definition.field_key);
    }
    Some(value)
}

/// Free-form `meta_data` whose custom fields were validated before the transaction.
#[derive(Debug)]
pub(in crate::service) struct CheckedMetaData {
    meta_data: Json,
    definitions_snapshot: DefinitionsSnapshot,
}

impl CheckedMetaData {
    /// Returns the `meta_data`, if the definitions are unchanged. They stay unchanged until the transaction ends.
    ///
    /// # Errors
    /// [`Error::Outdated`] if a definition has changed.
    pub(in crate::service) async fn if_unchanged(&self, tx: &impl ConnectionTrait) -> TxResult<Json> {
        self.definitions_snapshot.ensure_unchanged(tx).await?;
        Ok(self.meta_data.clone())
    }
}

/// Validates the custom fields in free-form `meta_data`.
pub(in crate::service) async fn check_meta_data(
    ctx: &Ctx,
    meta_data: Option<&Json>,
) -> Result<Option<CheckedMetaData>> {
    let Some(meta_data) = meta_data.cloned() else {
        return Ok(None);
    };
    let definitions_snapshot = DefinitionsSnapshot::read(ctx).await?;
    let meta_data =
        validate_with_budget(meta_data, definitions_snapshot.definitions(), validate_meta_data).await?;
    Ok(Some(CheckedMetaData { meta_data, definitions_snapshot }))
}

/// Validates values with a new budget, on a blocking thread if the validation is expensive.
async fn validate_with_budget<T: Send + 'static>(
    values: Value,
    definitions: &Arc<[Model]>,
    validate: fn(Value, &[Model], &mut ValidationBudget) -> Result<T>,
) -> Result<T> {
    if is_cheap(&values, definitions) {
        return validate(values, definitions, &mut ValidationBudget::new());
    }
    let definitions = Arc::clone(definitions);
    blocking::run(move || validate(values, &definitions, &mut ValidationBudget::new())).await?
}

/// Whether a validation is cheap: all definitions are compiled, and the values are small.
fn is_cheap(values: &Value, definitions: &[Model]) -> bool {
    let mut steps: u64 = 0;
    for definition in definitions {
        let Some(value) = value(definition, values) else { continue };
        let Some(compiled) = cached(definition) else { return false };
        steps = steps.saturating_add(compiled.costs.of(value));
    }
    is_light(steps)
}

/// Validates the custom fields in free-form `meta_data` by these definitions. Returns the `meta_data` to store.
pub(in crate::service) fn validate_meta_data(
    mut meta_data: Json,
    definitions: &[Model],
    budget: &mut ValidationBudget,
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
            Ok(value) => fields.extend(value.map(|value| (definition.field_key.clone(), value))),
            Err(reasons) => reasons.into_iter().for_each(|reason| problems.add(FIELD, reason)),
        }
    }
    problems.finish()?;
    Ok(meta_data)
}

/// A value after validation.
#[derive(Clone, Debug)]
pub(in crate::service) struct ValidatedValue {
    namespace: String,
    key: String,
    /// `None` removes the field.
    value: Option<Value>,
}

/// Validates values, given as `{ namespace: { key: value } }`, by these definitions.
pub(in crate::service) fn validate_values(
    values: Value,
    definitions: &[Model],
    budget: &mut ValidationBudget,
) -> Result<Vec<ValidatedValue>> {
    let mut problems = Problems::default();
    let mut unknown = 0;
    let mut validated = Vec::new();
    let Value::Object(namespaces) = values else { return Ok(validated) };
    for (namespace, fields) in namespaces {
        let Value::Object(fields) = fields else {
            let namespace = truncate(namespace, MAX_NAME);
            problems.add(&namespace, not_an_object(&namespace));
            continue;
        };
        for (key, mut value) in fields {
            let has_name = |row: &&Model| row.namespace == namespace && row.field_key == key;
            let Some(definition) = definitions.iter().find(has_name) else {
                unknown += 1;
                if unknown <= MAX_UNKNOWN {
                    let (namespace, key) = (truncate(namespace.clone(), MAX_NAME), truncate(key, MAX_NAME));
                    let name = name_of(&namespace, &key);
                    problems.add(&format!("{namespace}.{key}"), format!("There is no custom field {name}"));
                }
                continue;
            };
            normalize_numbers(&mut value);
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

/// Returns `meta_data` with the validated values.
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
        // Free-form data that is older than the definition: it can't hold a custom field.
        other => *other = Value::Object(Map::from_iter([(key, value)])),
    }
}

/// Removes a value, and its namespace if it is empty then.
pub(super) fn remove(meta_data: &mut Map<String, Value>, namespace: &str, key: &str) {
    let Some(Value::Object(fields)) = meta_data.get_mut(namespace) else { return };
    if fields.remove(key).is_some() && fields.is_empty() {
        meta_data.remove(namespace);
    }
}

/// Returns only the values of these custom fields, as `{ namespace: { key: value } }`.
pub(in crate::service) fn visible_values(meta_data: &Json, definitions: &[Model]) -> Json {
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
