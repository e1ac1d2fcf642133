//! How large a query may be, measured before the library looks at it: it expands fragments one spread after
//! the other, so that thirty that each spread the next twice would keep it busy for hours.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, ServerError};

use super::batch::Budget;
use super::error;
use crate::config::GraphqlConfig;

/// What a selection amounts to with all its fragments in place.
#[derive(Clone, Copy, Default)]
struct Size {
    fields: usize,
    aliases: usize,
    depth: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
    }
}

/// Measures each fragment once.
struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being measured: one that spreads itself is refused by validation later.
    fragments: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Measure<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet) -> Size {
        let mut size = Size::default();
        for selection in &set.items {
            size.add(match &selection.node {
                Selection::Field(field) => {
                    let mut inner = self.selection_set(&field.node.selection_set.node);
                    inner.depth += 1;
                    inner.add(Size { fields: 1, aliases: usize::from(field.node.alias.is_some()), depth: 0 });
                    inner
                }
                Selection::InlineFragment(inline) => self.selection_set(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            });
        }
        size
    }

    fn fragment(&mut self, name: &'a Name) -> Size {
        if let Some(measured) = self.fragments.get(name) {
            return measured.unwrap_or_default();
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Size::default();
        };
        self.fragments.insert(name, None);
        let size = self.selection_set(&fragment.node.selection_set.node);
        self.fragments.insert(name, Some(size));
        size
    }
}

/// Refuses a document that is too large to be validated, or that uses too many aliases, and takes its fields from
/// the budget of the request.
pub(super) fn check(
    document: &ExecutableDocument,
    config: &GraphqlConfig,
    budget: &Budget,
) -> Result<(), ServerError> {
    let mut measure = Measure { document, fragments: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let size = measure.selection_set(&operation.node.selection_set.node);
        for (what, found, most) in [
            ("levels deep", size.depth, config.max_depth),
            ("aliases", size.aliases, config.max_aliases),
            ("fields", size.fields, config.max_complexity),
        ] {
            if found > most {
                let message = match what {
                    "levels deep" => format!("The query is {found} levels deep; at most {most} are allowed"),
                    _ => format!("The query has {found} {what}; at most {most} are allowed"),
                };
                return Err(error::coded(ServerError::new(message, Some(operation.pos)), "QUERY_TOO_LARGE"));
            }
        }
        budget.take_fields(size.fields)?;
    }
    Ok(())
}
