//! The scalar type for timestamps.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::Utc;

use crate::types::{parse_rfc3339, timestamp};

/// The name of the scalar.
pub(in crate::api::graphql) const NAME: &str = "DateTime";
/// The expected format, for error messages.
pub(in crate::api::graphql) const EXPECTED: &str =
    "it has to be a timestamp of RFC 3339 without a leap second, such as 2023-02-07T14:18:05.000Z";

/// Whether a text is a valid timestamp.
pub(in crate::api::graphql) fn is_timestamp(text: &str) -> bool {
    parse_rfc3339(text).is_ok()
}

#[derive(Clone, Copy, Debug)]
pub(in crate::api::graphql) struct DateTime(pub(in crate::api::graphql) chrono::DateTime<Utc>);

/// A timestamp of RFC 3339 in UTC with milliseconds: `2023-02-07T14:18:05.000Z`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        Ok(Self(parse_rfc3339(text)?))
    }

    fn to_value(&self) -> Value {
        Value::String(timestamp(self.0))
    }
}
