//! Inputs as they come: each field is absent, null or a value, and what is wrong with any of them is
//! collected, so that a caller learns of all problems at once.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::error::{Error, MAX_PROBLEMS, Problem, Result};

/// A field of an input.
#[derive(Clone, Default, PartialEq)]
pub enum Field {
    /// Not there: stays as it is.
    #[default]
    Absent,
    /// `null`: goes back to its default, where it has one.
    Null,
    /// Any other JSON value.
    Value(Value),
}

/// Without the value: it may be a password.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Null => "Null",
            Self::Value(_) => "Value(…)",
        })
    }
}

impl Field {
    /// Takes a field out of a JSON object.
    pub fn take(body: &mut Map<String, Value>, name: &str) -> Self {
        match body.remove(name) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(value) => Self::Value(value),
        }
    }
}

/// Whether an input makes something new, for which some fields are required, or changes what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Required fields must be there.
    Create,
    /// Any field may be absent.
    Update,
}

/// The messages for a text field.
#[derive(Clone, Copy, Debug)]
pub struct TextMessages {
    /// It is not a string.
    pub not_a_string: &'static str,
    /// It is required and absent.
    pub required: &'static str,
}

/// What was found wrong so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem with `field`; the first [`MAX_PROBLEMS`] are enough.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        if self.0.len() < MAX_PROBLEMS {
            self.0.push(Problem::new(field, message));
        }
    }

    /// Whether a problem with `field` was noted already.
    pub fn mention(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field)
    }

    /// Whether this very problem was noted already.
    pub fn has(&self, field: &str, message: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field && problem.message == message)
    }

    /// Takes the value out of a result, noting its error.
    pub fn check<T>(&mut self, field: &str, result: std::result::Result<T, impl ToString>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// The text of a field, noting when it is missing or none.
    pub fn text(&mut self, name: &str, field: Field, mode: Mode, messages: TextMessages) -> Option<String> {
        match field {
            Field::Value(Value::String(text)) => return Some(text),
            Field::Absent if mode == Mode::Create => self.add(name, messages.required),
            Field::Absent => {}
            Field::Null | Field::Value(_) => self.add(name, messages.not_a_string),
        }
        None
    }

    /// # Errors
    /// [`Error::Invalid`] when any problem was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// Whether a text, or any text inside a JSON value, holds a NUL: PostgreSQL can't store one.
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The whole number that this is, in any spelling: `1.0` is one as well (JSON Schema, 6.1.1).
pub fn whole(number: &Number) -> Option<i64> {
    let mut value = Value::Number(number.clone());
    plain_numbers(&mut value);
    value.as_i64()
}

/// Writes whole numbers without fraction and exponent, as PostgreSQL's jsonb gives them back: what comes in a
/// second time is then what is there already.
pub fn plain_numbers(value: &mut Value) {
    /// Up to here every whole number has a float of its own (IEEE 754, binary64).
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let float = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT);
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
            if let Some(float) = float {
                *number = (float as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain_numbers),
        Value::Object(fields) => fields.values_mut().for_each(plain_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
