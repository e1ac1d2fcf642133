//! Parsing that the fields of a customer and those of its addresses share.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::{Error, Problem};
use crate::service::input::patch::{Field, Problems};
use crate::types::first_characters;

/// Turns a validation error into its problems, because a refused line is an outcome of the import and not a failure.
pub(super) fn problems_of(error: Error) -> Vec<Problem> {
    match error {
        Error::Invalid(problems) => problems,
        other => vec![Problem::new("", other.to_string())],
    }
}

/// Adds a problem for each of the first ten unknown fields: a misspelled field would otherwise be lost silently.
pub(super) fn report_unknown_fields(path: &str, unknown: &Map<String, Value>, problems: &mut Problems) {
    for name in unknown.keys().take(10) {
        let name = first_characters(name, 64);
        problems.add(&format!("{path}{name}"), "There is no such field");
    }
}

pub(super) fn parse_uuid(name: &str, field: Field, problems: &mut Problems) -> Option<Uuid> {
    match field {
        Field::Absent | Field::Null => None,
        Field::Value(Value::String(text)) => {
            problems.check(name, Uuid::parse_str(&text).map_err(|_| "Uuid must be a UUID"))
        }
        Field::Value(_) => {
            problems.add(name, "Uuid must be a UUID");
            None
        }
    }
}
