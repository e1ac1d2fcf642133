//! Parses the field `meta_data` of a request body and limits its size.

use sea_orm::prelude::Json;
use serde_json::{Map, Value};

use super::patch::{Field, Problems, contains_nul, normalize_numbers};
use crate::error::{Error, Result};

/// The maximum size of a customer's `meta_data`, which includes the custom fields, in bytes of JSON. A page of 100
/// customers fits into a response.
const MAX_META_DATA: usize = 64 * 1024;

/// Checks the size of `meta_data`. Data that exceeds the limit is accepted if it is smaller than the stored data.
///
/// # Errors
/// [`Error::Invalid`] for `field` if the data is too large.
pub(in crate::service) fn check_size(field: &str, meta_data: &Json, stored: Option<&Json>) -> Result<()> {
    let Some(message) = too_large(meta_data) else { return Ok(()) };
    if stored.is_some_and(|stored| size(meta_data) < size(stored)) {
        return Ok(());
    }
    Err(Error::invalid(field, message))
}

fn too_large(meta_data: &Json) -> Option<String> {
    let is_large = size(meta_data) > MAX_META_DATA;
    is_large
        .then(|| format!("Meta data with custom fields must be at most {} KiB as JSON", MAX_META_DATA / 1024))
}

fn size(meta_data: &Json) -> usize {
    meta_data.to_string().len()
}

pub(in crate::service) fn parse_meta_data(field: Field, problems: &mut Problems) -> Option<Json> {
    match field {
        Field::Absent => return None,
        Field::Null => return Some(Value::Object(Map::new())),
        Field::Value(Value::Object(_)) => {}
        Field::Value(_) => problems.add("meta_data", "Meta data must be an object"),
    }
    if let Field::Value(mut value) = field {
        normalize_numbers(&mut value);
        if contains_nul(&value) {
            problems.add("meta_data", "Meta data must not contain NUL");
        }
        if let Some(message) = too_large(&value) {
            problems.add("meta_data", message);
        }
        return Some(value);
    }
    None
}
