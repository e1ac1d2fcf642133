//! Introspection fields, which a setting disables.

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{Positioned, ServerError};

use super::syntax::Syntax;
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;

/// The introspection fields (specification 4.2). `__typename` is always allowed, because the client knows its own
/// query.
const FIELDS: [&str; 2] = ["__schema", "__type"];

/// Checks that a document has no introspection field, not even in an unused fragment.
///
/// # Errors
/// `INTROSPECTION_DISABLED` for the first introspection field.
pub(super) fn check(document: &Syntax) -> Result<(), ServerError> {
    let Some(field) = find(document) else { return Ok(()) };
    let message = format!("Introspection is disabled (`{}` is not allowed).", field.node.name.node);
    Err(error::with_code(ServerError::new(message, Some(field.pos)), ErrorCode::IntrospectionDisabled))
}

/// The first introspection field of the document.
pub(super) fn find(document: &Syntax) -> Option<&Positioned<Field>> {
    document.selection_sets().find_map(find_in)
}

fn find_in(set: &SelectionSet) -> Option<&Positioned<Field>> {
    set.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(field) if FIELDS.contains(&field.node.name.node.as_str()) => Some(field),
        Selection::Field(field) => find_in(&field.node.selection_set.node),
        Selection::InlineFragment(inline) => find_in(&inline.node.selection_set.node),
        // `find` searches every fragment.
        Selection::FragmentSpread(_) => None,
    })
}
