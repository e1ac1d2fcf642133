//! The fields of an input before they are parsed. A field is absent, null or a value. [`Problems`] collects the
//! validation errors, so that a response reports all of them at once.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::error::{Error, MAX_PROBLEMS, Problem, Result};

/// A field of an input.
#[derive(Clone, Default, PartialEq)]
pub enum Field {
    /// The input does not contain the field. An update keeps the stored value.
    #[default]
    Absent,
    /// `null`: resets the field to its default, if it has one.
    Null,
    /// Any other JSON value.
    Value(Value),
}

/// Omits the value, which may be a password.
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
    /// Removes a field from a JSON object and returns it.
    pub fn take(body: &mut Map<String, Value>, name: &str) -> Self {
        match body.remove(name) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(value) => Self::Value(value),
        }
    }
}

/// Whether an input creates a record or updates one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Required fields must be present.
    Create,
    /// Every field may be absent.
    Update,
}

/// The error messages of a text field.
#[derive(Clone, Copy, Debug)]
pub struct TextMessages {
    /// For a value that is not a string.
    pub not_a_string: &'static str,
    /// For a required field that is absent.
    pub required: &'static str,
}

/// The validation errors of an input.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds an error for `field`. Only the first [`MAX_PROBLEMS`] errors are kept.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        if self.0.len() < MAX_PROBLEMS {
            self.0.push(Problem::new(field, message));
        }
    }

    /// Whether there is no error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is an error for `field`.
    pub fn has_field(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field)
    }

    /// Whether there is an error for `field` with this message.
    pub fn has(&self, field: &str, message: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field && problem.message == message)
    }

    /// Returns the value of a result, or adds its error and returns `None`.
    pub fn check<T>(&mut self, field: &str, result: std::result::Result<T, impl ToString>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// Returns the text of a field. Adds an error if the field is not a string, or is required and absent.
    pub fn text(&mut self, name: &str, field: Field, mode: Mode, messages: TextMessages) -> Option<String> {
        match field {
            Field::Value(Value::String(text)) => return Some(text),
            Field::Absent if mode == Mode::Create => self.add(name, messages.required),
            Field::Absent => {}
            Field::Null | Field::Value(_) => self.add(name, messages.not_a_string),
        }
        None
    }

    /// Ends the validation.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all errors, if there are any.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    /// Ends the validation and returns the value of a required field.
    ///
    /// # Errors
    /// As [`finish`](Self::finish) and [`expect_value`].
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T> {
        self.finish()?;
        expect_value(value)
    }
}

/// The value of a required field, after a validation without errors.
///
/// # Errors
/// [`Error::Internal`] without a value, which is a defect: a parser returns a value or adds an error.
pub fn expect_value<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::internal("a required field passed the check without a value"))
}

/// Whether a text inside a JSON value contains NUL, which PostgreSQL can't store.
pub fn contains_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(contains_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || contains_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the number as an integer, or `None` if it has a fraction. `1.0` is an integer (JSON Schema, 6.1.1).
pub fn as_integer(number: &Number) -> Option<i64> {
    let mut value = Value::Number(number.clone());
    normalize_numbers(&mut value);
    value.as_i64()
}

/// Converts whole numbers to integers, without fraction and exponent, in all levels of a JSON value. PostgreSQL's
/// jsonb returns them in that form, so a repeated input equals the stored value.
pub fn normalize_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = whole_number(number) {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize_numbers),
        Value::Object(fields) => fields.values_mut().for_each(normalize_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The integer of 64 bits that a float stands for: its shortest decimal, as PostgreSQL stores it.
fn whole_number(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)?;
    // Without an exponent. Larger floats are beyond 64 bits.
    let text = (float.abs() < 1e20).then(|| float.to_string())?;
    text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok()
}
