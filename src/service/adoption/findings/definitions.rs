//! Definitions of custom fields that patron would not accept.

use crate::error::{Error, Result};
use crate::service::adoption::inspection::Inspection;
use crate::service::adoption::report::{Finding, Severity};
use crate::service::metafield::{self, DefinitionInput, MAX_DEFINITIONS};

/// The definitions of custom fields of customers, as the JSON of a request that creates them.
const DEFINITIONS: &str = "SELECT metafield_definition_id, namespace || '.' || field_key, jsonb_build_object(\
    'ownerType', owner_type, 'namespace', namespace, 'fieldKey', field_key, 'name', name, 'description', description, \
    'fieldType', field_type::text, 'isList', is_list, 'required', required, 'visibleToCustomer', visible_to_customer, \
    'validations', validations, 'subFields', sub_fields, 'position', position)::text \
    FROM metafield_definition WHERE owner_type = 'customer' ORDER BY 1 LIMIT 1000";

/// The definitions of customers that patron would refuse to create.
pub(in crate::service::adoption) async fn of_definitions(inspection: &Inspection) -> Result<Vec<Finding>> {
    let mut refused = Vec::new();
    let rows = inspection.rows(DEFINITIONS, []).await?;
    let count = rows.len() as u64;
    for row in rows {
        let (id, name): (i32, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let input: String = row.try_get_by_index(2)?;
        let input: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&input).map_err(Error::internal)?;
        match metafield::check_definition(DefinitionInput::from(input)).await {
            Ok(()) => {}
            Err(Error::Invalid(problems)) => {
                let reason = problems.first().map_or("", |problem| problem.message.as_str());
                refused.push(format!("{id} {name}: {reason}"));
            }
            Err(error) => return Err(error),
        }
    }
    let mut findings = Vec::new();
    if !refused.is_empty() {
        let text = "patron would refuse to create the definition";
        let remedy =
            "kept; what patron does not know of it is ignored, and its values are validated by the rest";
        let finding = Finding::new("refused_definition", Severity::Reports, text, remedy);
        findings.push(finding.of_rows("metafield_definition", refused.len() as u64, refused));
    }
    if count > MAX_DEFINITIONS {
        let text = format!("there are more than {MAX_DEFINITIONS} definitions of custom fields of customers");
        let remedy = "kept; patron creates no further ones";
        let finding = Finding::new("many_definitions", Severity::Reports, text, remedy);
        findings.push(finding.of_rows("metafield_definition", count, []));
    }
    Ok(findings)
}
