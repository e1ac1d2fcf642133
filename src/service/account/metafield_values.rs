//! The copies of custom fields in `customer_metafield_value`, by which filters find them.
//!
//! Every value of `meta_data` that a definition could describe is copied, so that a new definition can be filtered by
//! at once. A list has a row for each of its items. A value of another form has a row without a value: it can only be
//! found by its existence.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Number, Value};

use crate::crypto::digest::sha256_hex;
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::customer_metafield_value::{ActiveModel, Column, Entity};

/// The maximum length of a text that is copied as it is, in bytes. Of a longer one the hash is copied.
const MAX_TEXT: usize = 128;
/// The maximum number of items of a list that are copied.
const MAX_ITEMS: usize = 100;
/// The maximum number of values of a customer that are copied.
const MAX_VALUES: usize = 10_000;
/// The maximum length of a namespace or key, in bytes.
const MAX_NAME: usize = 64;
/// The number of rows that one statement inserts: a statement has a limited number of parameters.
const INSERT_BATCH: usize = 1000;

/// The name of a custom field in the table.
pub(in crate::service) fn metafield_name(namespace: &str, key: &str) -> String {
    format!("{namespace}.{key}")
}

/// The indexed form of a value. `None` for a value that can't be compared: a list, an object, or null.
pub(in crate::service) fn value_key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.len() <= MAX_TEXT => Some(format!("s{text}")),
        Value::String(text) => Some(format!("h{}", sha256_hex(text))),
        Value::Number(number) => Some(format!("n{}", number_text(number))),
        Value::Bool(value) => Some(format!("b{value}")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The same text for the same number: `1`, `1.0` and `1e0` are equal.
fn number_text(number: &Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), ..) => number.to_string(),
        (_, Some(number), _) => number.to_string(),
        // The fraction of a whole number is not printed; -0 is 0.
        (.., Some(number)) => (number + 0.0).to_string(),
        (None, None, None) => number.to_string(),
    }
}

/// Replaces the copies of a customer's values.
pub(in crate::service) async fn replace_metafield_values(
    tx: &impl ConnectionTrait,
    customer_id: i32,
    meta_data: &Json,
) -> TxResult<()> {
    Entity::delete_many().filter(Column::CustomerId.eq(customer_id)).exec(tx).await?;
    insert_metafield_values(tx, &[(customer_id, meta_data)]).await
}

/// Copies the values of customers that have no copies.
pub(in crate::service) async fn insert_metafield_values(
    tx: &impl ConnectionTrait,
    customers: &[(i32, &Json)],
) -> TxResult<()> {
    let mut rows = Vec::new();
    for (customer_id, meta_data) in customers {
        rows.extend(copies(meta_data).take(MAX_VALUES).map(|(name, value_key)| ActiveModel {
            name: Set(name),
            value_key: Set(value_key),
            customer_id: Set(*customer_id),
        }));
    }
    for batch in rows.chunks(INSERT_BATCH) {
        Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Copies the values of these customers again, and marks the customers.
pub(in crate::service) async fn index_metafields(
    tx: &impl ConnectionTrait,
    customer_ids: &[i32],
) -> TxResult<()> {
    use customer::Column::{CustomerId, MetaData, MetafieldsIndexed};
    let these = CustomerId.is_in(customer_ids.iter().copied());
    let select = customer::Entity::find().select_only().columns([CustomerId, MetaData]);
    let select = select.filter(these.clone()).order_by_asc(CustomerId).lock_exclusive();
    let customers: Vec<(i32, Json)> = select.into_tuple().all(tx).await?;
    let old = Entity::delete_many().filter(Column::CustomerId.is_in(customer_ids.iter().copied()));
    old.exec(tx).await?;
    let values: Vec<_> = customers.iter().map(|(customer_id, meta_data)| (*customer_id, meta_data)).collect();
    insert_metafield_values(tx, &values).await?;
    let update = customer::Entity::update_many().col_expr(MetafieldsIndexed, Expr::val(true));
    update.filter(these).exec(tx).await?;
    Ok(())
}

/// The names and indexed values of free-form data.
fn copies(meta_data: &Json) -> impl Iterator<Item = (String, String)> {
    let namespaces = meta_data.as_object().into_iter().flatten().filter(|(namespace, _)| is_name(namespace));
    let fields = namespaces.flat_map(|(namespace, fields)| {
        let fields = fields.as_object().into_iter().flatten();
        fields.map(move |(key, value)| (namespace, key, value))
    });
    fields.filter(|(_, key, value)| is_name(key) && !value.is_null()).flat_map(|(namespace, key, value)| {
        let name = metafield_name(namespace, key);
        value_keys(value).into_iter().map(move |value_key| (name.clone(), value_key))
    })
}

/// The indexed values of a field: those of a list's items, each once, or an empty one.
fn value_keys(value: &Value) -> BTreeSet<String> {
    let keys: BTreeSet<String> = match value {
        Value::Array(items) => items.iter().take(MAX_ITEMS).filter_map(value_key).collect(),
        value => value_key(value).into_iter().collect(),
    };
    if keys.is_empty() { BTreeSet::from([String::new()]) } else { keys }
}

/// Whether a definition can have this namespace or key.
fn is_name(name: &str) -> bool {
    let tail = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(tail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{copies, value_key};

    #[test]
    fn equal_values_have_the_same_key() {
        for (value, key) in [
            (json!("gold"), "sgold"),
            (json!("1"), "s1"),
            (json!(1), "n1"),
            (json!(1.0), "n1"),
            (json!(-0.0), "n0"),
            (json!(1.5), "n1.5"),
            (json!(u64::MAX), "n18446744073709551615"),
            (json!(true), "btrue"),
        ] {
            assert_eq!(value_key(&value).as_deref(), Some(key));
        }
        let long = value_key(&json!("x".repeat(129))).unwrap();
        assert!(long.starts_with('h') && long.len() == 65, "{long}");
        assert!([json!(null), json!([1]), json!({})].iter().all(|value| value_key(value).is_none()));
    }

    #[test]
    fn every_value_that_a_definition_could_describe_is_copied() {
        let meta_data = json!({
            "a": {"x": 1, "list": ["u", "v", "u"], "group": {"z": 1}, "none": null, "Not a key": 2},
            "Not a namespace": {"x": 1},
            "text": "free",
        });
        let mut copies: Vec<String> = copies(&meta_data).map(|(name, key)| format!("{name}={key}")).collect();
        copies.sort();
        assert_eq!(copies, ["a.group=", "a.list=su", "a.list=sv", "a.x=n1"]);
    }
}
