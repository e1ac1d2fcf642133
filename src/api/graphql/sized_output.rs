//! Output types that count the bytes of a response while it is built. Every value that can be long has one of these
//! types. Each takes its bytes from the [`RequestBudget`] of the request and fails when the budget is exceeded.
//!
//! They are needed because the library builds the whole response in memory before it is written. Its extensions could
//! count every value, but slow every field down.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Json, OutputType, Positioned, ServerResult, Value};
use serde::Serialize;

use super::budget::RequestBudget;

/// The least that a field counts, in bytes: a number is shorter than that in the response, but not in memory.
pub(super) const MIN_FIELD_BYTES: usize = 32;
/// A text of at least this many bytes counts as soon as it is resolved. A shorter text counts with its row, which has a
/// limited number of fields.
const LONG_TEXT_BYTES: usize = 256;

/// A list that resolves and counts its items one after the other, so it stops at the limit. A list of the library
/// resolves all of its items at the same time.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: OutputType> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let budget = RequestBudget::of(ctx);
        budget.take_bytes(MIN_FIELD_BYTES)?;
        let mut values = Vec::with_capacity(self.0.len());
        for (index, item) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            let value = item.resolve(&ctx, field).await.map_err(|error| ctx.set_error_path(error))?;
            budget.take_bytes(row_bytes(&value))?;
            values.push(value);
        }
        Ok(Value::List(values))
    }
}

/// The bytes of an item without its lists, which were counted when they were resolved.
fn row_bytes(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.len() + 4 + row_bytes(value)).max(MIN_FIELD_BYTES)).sum()
        }
        Value::List(_) => 0,
        other => scalar_bytes(other),
    }
}

/// The bytes of a scalar or enum value, a little less than its size in JSON.
pub(super) fn scalar_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Enum(name) => name.len() + 2,
        _ => 1,
    }
}

/// A text that can be long.
#[derive(Clone, Debug)]
pub(super) struct Text<T>(pub(super) T);

impl<T: AsRef<str> + Send + Sync> OutputType for Text<T> {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let text = self.0.as_ref();
        if text.len() >= LONG_TEXT_BYTES {
            RequestBudget::of(ctx).take_leaf(text.len())?;
        }
        Ok(Value::String(text.to_owned()))
    }
}

/// JSON of any form and size.
#[derive(Clone, Debug)]
pub(super) struct AnyJson<T>(pub(super) T);

impl<T: Serialize + Send + Sync> OutputType for AnyJson<T> {
    fn type_name() -> Cow<'static, str> {
        <Json<T> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Json<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        // Stored JSON never fails here, because the names of its fields are strings.
        let value = async_graphql::to_value(&self.0).unwrap_or_default();
        RequestBudget::of(ctx).take_leaf(json_bytes(&value))?;
        Ok(value)
    }
}

/// The bytes of a JSON value with its lists.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.len() + 4 + json_bytes(value)).max(MIN_FIELD_BYTES)).sum()
        }
        Value::List(items) => items.iter().map(|item| json_bytes(item).max(MIN_FIELD_BYTES)).sum(),
        other => scalar_bytes(other),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn a_row_counts_its_field_names_and_not_its_lists() {
        let name = "a".repeat(100);
        let of = |fields: serde_json::Value| row_bytes(&Value::from_json(fields).unwrap());
        assert_eq!(of(serde_json::json!({name.clone(): "12345"})), 100 + 4 + 7);
        assert_eq!(of(serde_json::json!({name.clone(): {name.clone(): "12345"}})), 100 + 4 + 111);
        assert_eq!(of(serde_json::json!({name.clone(): [1, 2, 3]})), 104);
        assert_eq!(row_bytes(&value!({"a": 1, "b": null})), 2 * MIN_FIELD_BYTES);
        assert_eq!(row_bytes(&value!("12345")), 7);
    }

    #[test]
    fn json_counts_its_lists() {
        assert_eq!(json_bytes(&value!([1, 2, [3]])), 3 * MIN_FIELD_BYTES);
        assert_eq!(json_bytes(&value!({"a": ["1234567890123456789012345678901234567890"]})), 5 + 42);
    }

    /// Values shorter than [`MIN_FIELD_BYTES`] are the only exception.
    #[test]
    fn the_count_never_exceeds_the_size_of_the_response() {
        let long = "0123456789012345678901234567890123456789";
        for value in
            [value!({"a": long, "b": {"c": long}}), value!({"a": {"b": long}}), value!([[long], [long]])]
        {
            assert!(json_bytes(&value) <= value.to_string().len(), "{value}");
        }
    }
}
