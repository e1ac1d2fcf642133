//! Validates the custom fields and the free-form data of lines.

use std::sync::Arc;

use sea_orm::prelude::Json;
use serde_json::{Map, Value};

use super::draft::CustomerDraft;
use super::fields::problems_of;
use crate::entity::metafield_definition::{FieldType, Model as Definition};
use crate::error::{Problem, Result};
use crate::service::input::meta_data::check_size;
use crate::service::metafield::{self, ValidatedValue, ValidationBudget};
use crate::types::{boolean_of_text, inexact_number};

/// The validated data of a line, besides the `meta_data` of its draft.
#[derive(Debug)]
pub(super) struct LineValues {
    /// The `meta_data` of a new customer.
    pub(super) new: Json,
    /// The custom fields that the line sets.
    metafields: Vec<ValidatedValue>,
}

/// A draft with its validated data, or its problems.
pub(super) type ValidatedDraft = std::result::Result<(CustomerDraft, LineValues), Vec<Problem>>;

impl LineValues {
    /// The `meta_data` of a stored customer after the line. `given`: the `meta_data` of the line, which replaces free-form
    /// data. Custom fields that the line does not give stay as they are.
    pub(super) fn merged(
        &self,
        given: Option<&Json>,
        stored: &Json,
        definitions: &[Definition],
    ) -> Result<Json> {
        let merged = match given {
            Some(given) => metafield::apply(&with_fields_of(given, stored, definitions), &self.metafields),
            None => metafield::apply(stored, &self.metafields),
        };
        check_size("meta_data", &merged, Some(stored))?;
        Ok(merged)
    }
}

/// Validates custom fields and free-form data of all drafts, on a blocking thread because regular expressions are slow.
/// Each line has the cost budget of one request.
pub(super) async fn validate_all(
    parsed: Vec<std::result::Result<CustomerDraft, Vec<Problem>>>,
    snapshot: Option<&metafield::DefinitionsSnapshot>,
) -> Result<Vec<ValidatedDraft>> {
    let definitions = snapshot.map(|snapshot| Arc::clone(snapshot.definitions()));
    metafield::run_blocking(move || {
        let definitions = definitions.as_deref().unwrap_or_default();
        let validated = parsed.into_iter().map(|parsed| {
            let mut draft = parsed?;
            let values = validate(&mut draft, definitions).map_err(problems_of)?;
            Ok((draft, values))
        });
        validated.collect()
    })
    .await
}

/// Validates custom fields and free-form data of a draft, and brings them into the form in which they are stored.
fn validate(draft: &mut CustomerDraft, definitions: &[Definition]) -> Result<LineValues> {
    let mut budget = ValidationBudget::new();
    if let Some(meta_data) = draft.meta_data.take() {
        draft.meta_data = Some(metafield::validate_meta_data(meta_data, definitions, &mut budget)?);
    }
    if draft.is_text
        && let Some(metafields) = &mut draft.metafields
    {
        for definition in definitions {
            let value = metafields.get_mut(&definition.namespace);
            if let Some(value) = value.and_then(|fields| fields.get_mut(&definition.field_key)) {
                type_text(definition, value);
            }
        }
    }
    let meta_data = draft.meta_data.clone().unwrap_or_else(|| Json::Object(Map::new()));
    let Some(metafields) = &draft.metafields else {
        return Ok(LineValues { new: meta_data, metafields: Vec::new() });
    };
    let metafields = metafield::validate_values(Json::Object(metafields.clone()), definitions, &mut budget)?;
    let new = metafield::apply(&meta_data, &metafields);
    check_size("metafields", &new, None)?;
    Ok(LineValues { new, metafields })
}

/// Converts a cell to a value of the field's type. Texts stay as they are; booleans are read as spreadsheets write them; other
/// types and lists are parsed as JSON (`12`, `["a", "b"]`). A cell that is neither stays a text, and validation then refuses
/// its type.
fn type_text(definition: &Definition, value: &mut Value) {
    use FieldType::{Boolean, Color, Date, LongText, ShortText, Url};
    let Value::String(text) = &value else { return };
    if definition.field_type == Boolean
        && !definition.is_list
        && let Some(boolean) = boolean_of_text(text)
    {
        *value = boolean.into();
        return;
    }
    let is_text = matches!(definition.field_type, ShortText | LongText | Date | Color | Url);
    if (!is_text || definition.is_list)
        && inexact_number(text.as_bytes()).is_none()
        && let Ok(typed) = serde_json::from_str(text)
    {
        *value = typed;
    }
}

/// The free-form data of a line with those custom fields of the stored data that it lacks: in CSV they have columns of their
/// names.
fn with_fields_of(given: &Json, stored: &Json, definitions: &[Definition]) -> Json {
    let mut merged = given.as_object().cloned().unwrap_or_default();
    for definition in definitions {
        if metafield::value(definition, given).is_some() {
            continue;
        }
        let Some(value) = metafield::value(definition, stored) else { continue };
        let fields = merged.entry(definition.namespace.clone()).or_insert_with(|| Map::new().into());
        if let Value::Object(fields) = fields {
            fields.insert(definition.field_key.clone(), value.clone());
        }
    }
    Json::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::LineValues;
    use serde_json::json;

    #[test]
    fn free_form_data_is_replaced_as_a_whole() {
        let values = LineValues { new: json!({}), metafields: Vec::new() };
        let stored = json!({"erp": {"id": 1}, "note": "x"});
        assert_eq!(values.merged(None, &stored, &[]).unwrap(), stored);
        assert_eq!(values.merged(Some(&json!({"erp": 2})), &stored, &[]).unwrap(), json!({"erp": 2}));
    }
}
