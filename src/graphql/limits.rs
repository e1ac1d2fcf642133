//! How large a query may be, measured before the library looks at it: it expands fragments one spread after
//! the other, so that thirty that each spread the next twice would keep it busy for hours, and it goes down into
//! selections by recursion, so that a long chain of them would overflow the stack and end the process.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, ServerError};

use super::batch::Budget;
use super::error;
use crate::config::GraphqlConfig;

/// How deeply selections may be nested, fragments and all: more than a query that is within `max_depth` needs, as much
/// as the parser allows within one fragment, and far less than a thread's stack holds.
pub(super) const MAX_NESTING: usize = 64;

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

/// It is nested more deeply than anybody looks into it.
struct TooDeep;

/// Measures each fragment once.
struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being measured: one that spreads itself is refused by validation later. With each
    /// how deeply it is nested itself.
    fragments: HashMap<&'a Name, Option<(Size, usize)>>,
}

impl<'a> Measure<'a> {
    /// The size of a selection inside `above` others, and how many are nested in it.
    fn selection_set(&mut self, set: &'a SelectionSet, above: usize) -> Result<(Size, usize), TooDeep> {
        if above > MAX_NESTING {
            return Err(TooDeep);
        }
        let (mut size, mut nesting) = (Size::default(), 0);
        for selection in &set.items {
            let (inner, below) = match &selection.node {
                Selection::Field(field) => {
                    let (mut inner, below) = self.selection_set(&field.node.selection_set.node, above + 1)?;
                    inner.depth += 1;
                    inner.add(Size { fields: 1, aliases: usize::from(field.node.alias.is_some()), depth: 0 });
                    (inner, below)
                }
                Selection::InlineFragment(inline) => {
                    self.selection_set(&inline.node.selection_set.node, above + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, above + 1)?
                }
            };
            size.add(inner);
            nesting = nesting.max(below + 1);
        }
        // Of a fragment that was measured elsewhere, too.
        if above + nesting > MAX_NESTING { Err(TooDeep) } else { Ok((size, nesting)) }
    }

    fn fragment(&mut self, name: &'a Name, above: usize) -> Result<(Size, usize), TooDeep> {
        if let Some(measured) = self.fragments.get(name) {
            return Ok(measured.unwrap_or_default());
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Default::default());
        };
        self.fragments.insert(name, None);
        let measured = self.selection_set(&fragment.node.selection_set.node, above)?;
        self.fragments.insert(name, Some(measured));
        Ok(measured)
    }
}

/// Refuses a document that is too large to be validated, or that uses too many aliases, and takes its fields from
/// the budget of the request.
pub(super) fn check(
    document: &ExecutableDocument,
    config: &GraphqlConfig,
    budget: &Budget,
) -> Result<(), ServerError> {
    let refused = |message: String, at| error::coded(ServerError::new(message, at), "QUERY_TOO_LARGE");
    let too_deep = |at: Pos| {
        let message = format!("The query is nested too deeply; at most {MAX_NESTING} selections may be");
        refused(message, Some(at))
    };
    let mut measure = Measure { document, fragments: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let (size, _) = measure
            .selection_set(&operation.node.selection_set.node, 0)
            .map_err(|TooDeep| too_deep(operation.pos))?;
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
                return Err(refused(message, Some(operation.pos)));
            }
        }
        budget.take_fields(size.fields)?;
    }
    // The library looks into fragments that nothing spreads as well, and compares the fields of each with each other.
    let mut fields: usize = 0;
    for (name, fragment) in &document.fragments {
        let (size, _) = measure.fragment(name, 0).map_err(|TooDeep| too_deep(fragment.pos))?;
        fields = fields.saturating_add(size.fields);
        if fields > config.max_complexity {
            let message = format!(
                "The fragments have {fields} fields together; at most {} are allowed",
                config.max_complexity
            );
            return Err(refused(message, Some(fragment.pos)));
        }
    }
    Ok(())
}
