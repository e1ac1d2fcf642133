//! Output types that count the bytes of an answer while it is made: everything that can be long is one of them. The
//! library makes the whole answer before anybody sees any of it, and its extensions, which could look at every value,
//! slow every field down.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Json, OutputType, Positioned, ServerResult, Value};
use serde::Serialize;

use super::budget::Budget;

/// What a field takes at least while an answer is made, in bytes: a number is shorter in the answer, and not in memory.
pub(super) const MIN_FIELD: usize = 32;
/// From here on a text is counted when it is made, in bytes; shorter ones with the row that they are in. The fields of a
/// row are bounded in number.
const LONG: usize = 256;

/// A list. Its items are resolved one after the other, and counted, so it ends where the limit is: the library's begins
/// all at once.
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
        let budget = Budget::of(ctx);
        budget.take_bytes(MIN_FIELD)?;
        let mut values = Vec::with_capacity(self.0.len());
        for (index, item) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            let value = item.resolve(&ctx, field).await.map_err(|error| ctx.set_error_path(error))?;
            budget.take_bytes(row(&value))?;
            values.push(value);
        }
        Ok(Value::List(values))
    }
}

/// The bytes of an item, without the lists in it: they were counted when they were made.
fn row(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.len() + 4 + row(value)).max(MIN_FIELD)).sum()
        }
        Value::List(_) => 0,
        other => scalar(other),
    }
}

/// The bytes of a value that holds no others; a little less than it takes in JSON.
pub(super) fn scalar(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Enum(name) => name.len() + 2,
        _ => 1,
    }
}

/// A text that may be long.
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
        if text.len() >= LONG {
            Budget::of(ctx).take_leaf(text.len())?;
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
        // Nothing that is stored as JSON fails here: the names of its fields are texts.
        let value = async_graphql::to_value(&self.0).unwrap_or_default();
        Budget::of(ctx).take_leaf(json(&value))?;
        Ok(value)
    }
}

/// The bytes of a JSON value.
fn json(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.len() + 4 + json(value)).max(MIN_FIELD)).sum()
        }
        Value::List(items) => items.iter().map(|item| json(item).max(MIN_FIELD)).sum(),
        other => scalar(other),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn a_row_is_counted_with_the_names_of_its_fields_and_without_its_lists() {
        let name = "a".repeat(100);
        let of = |fields: serde_json::Value| row(&Value::from_json(fields).unwrap());
        assert_eq!(of(serde_json::json!({name.clone(): "12345"})), 100 + 4 + 7);
        assert_eq!(of(serde_json::json!({name.clone(): {name.clone(): "12345"}})), 100 + 4 + 111);
        assert_eq!(of(serde_json::json!({name.clone(): [1, 2, 3]})), 104);
        assert_eq!(row(&value!({"a": 1, "b": null})), 2 * MIN_FIELD);
        assert_eq!(row(&value!("12345")), 7);
    }

    #[test]
    fn json_is_counted_with_its_lists() {
        assert_eq!(json(&value!([1, 2, [3]])), 3 * MIN_FIELD);
        assert_eq!(json(&value!({"a": ["1234567890123456789012345678901234567890"]})), 5 + 42);
    }

    /// What is counted is no more than what is sent, but for what is shorter than a field takes at least.
    #[test]
    fn no_answer_is_counted_as_longer_than_it_is() {
        let long = "0123456789012345678901234567890123456789";
        for value in
            [value!({"a": long, "b": {"c": long}}), value!({"a": {"b": long}}), value!([[long], [long]])]
        {
            assert!(json(&value) <= value.to_string().len(), "{value}");
        }
    }
}
