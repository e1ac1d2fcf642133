//! Questions about the schema, which a server may be set not to answer.

use async_graphql::ServerError;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::error;

/// The fields that tell the schema (specification 4.2). `__typename` tells what was asked for anyway.
const FIELDS: [&str; 2] = ["__schema", "__type"];

/// Refuses a document that asks for them anywhere, be it in a fragment that nothing spreads.
pub(super) fn refuse(document: &ExecutableDocument) -> Result<(), ServerError> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).try_for_each(|set| look_into(&set.node))
}

fn look_into(set: &SelectionSet) -> Result<(), ServerError> {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if FIELDS.contains(&field.node.name.node.as_str()) => {
                let message = format!(
                    "This server does not tell its schema: {} is switched off. PATRON_INTROSPECTION=on allows it",
                    field.node.name.node
                );
                let error = ServerError::new(message, Some(field.pos));
                return Err(error::coded(error, "INTROSPECTION_DISABLED"));
            }
            Selection::Field(field) => look_into(&field.node.selection_set.node)?,
            Selection::InlineFragment(inline) => look_into(&inline.node.selection_set.node)?,
            // Looked into by itself.
            Selection::FragmentSpread(_) => {}
        }
    }
    Ok(())
}
