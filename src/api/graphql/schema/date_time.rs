//! Moments.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::Utc;

use crate::types::timestamp;

/// The name of the scalar.
pub(in crate::api::graphql) const NAME: &str = "DateTime";
/// What is expected of a value.
pub(in crate::api::graphql) const EXPECTED: &str =
    "it has to be a text as RFC 3339 writes moments, such as 2023-02-07T14:18:05.000Z";

/// Whether a text is a moment.
pub(in crate::api::graphql) fn is_timestamp(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

#[derive(Clone, Copy, Debug)]
pub(in crate::api::graphql) struct DateTime(pub(in crate::api::graphql) chrono::DateTime<Utc>);

/// A moment in UTC with milliseconds, as RFC 3339 writes it: `2023-02-07T14:18:05.000Z`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        Ok(Self(chrono::DateTime::parse_from_rfc3339(text)?.to_utc()))
    }

    fn to_value(&self) -> Value {
        Value::String(timestamp(self.0))
    }
}
