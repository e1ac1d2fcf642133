//! Questions about the schema, which a server may be set not to answer.

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Positioned, ServerError};

use super::syntax::Syntax;
use crate::api::graphql::error;

/// The fields that tell the schema (specification 4.2). `__typename` tells what was asked for anyway.
const FIELDS: [&str; 2] = ["__schema", "__type"];

/// Refuses a document that asks for them anywhere, be it in a fragment that nothing spreads.
pub(super) fn refuse(document: &Syntax) -> Result<(), ServerError> {
    let Some(field) = find(document) else { return Ok(()) };
    let message = format!(
        "This server does not tell its schema: {} is switched off. PATRON_INTROSPECTION=on allows it",
        field.node.name.node
    );
    Err(error::coded(ServerError::new(message, Some(field.pos)), "INTROSPECTION_DISABLED"))
}

/// A field that asks for the schema, anywhere in the document.
pub(super) fn find(document: &Syntax) -> Option<&Positioned<Field>> {
    document.selection_sets().find_map(look_into)
}

fn look_into(set: &SelectionSet) -> Option<&Positioned<Field>> {
    set.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(field) if FIELDS.contains(&field.node.name.node.as_str()) => Some(field),
        Selection::Field(field) => look_into(&field.node.selection_set.node),
        Selection::InlineFragment(inline) => look_into(&inline.node.selection_set.node),
        // Looked into by itself.
        Selection::FragmentSpread(_) => None,
    })
}
