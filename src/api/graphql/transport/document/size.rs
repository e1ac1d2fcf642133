//! Measures a document before it is validated, and refuses one that is too large.
//!
//! A document is measured with all fragments expanded, as it is executed: thirty fragments that each spread the next
//! one twice would take hours. Each fragment is measured once. Deep nesting is refused because selections are visited
//! by recursion, so a long chain of fragments would overflow the stack and end the process.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, Selection, SelectionSet, VariableDefinition};
use async_graphql::{Name, Pos, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use super::syntax::{NamedOperation, Syntax};
use crate::api::graphql::budget::DocumentCost;
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;
use crate::config::GraphqlConfig;

/// Maximum nesting of selections, with fragments expanded: more than a query within `max_depth` needs, as much as the
/// parser allows within one fragment, and far less than the stack of a thread permits.
pub(in crate::api::graphql) const MAX_NESTING: usize = 64;

/// Maximum number of operations of a document (contract, section 7). Each is validated, and reports the errors of the
/// fragments that it spreads.
const MAX_OPERATIONS: usize = 100;
/// The least that a directive or the use of a variable counts, in parts. Each can be an error and is looked up by name.
const MIN_LOOKUP_PARTS: usize = 10;
/// This many bytes of a string value count as one part.
const TEXT_BYTES_PER_PART: usize = 32;
/// Introspection fields that return lists of types or fields, which lead to further types. Two levels return the whole
/// schema; more levels only repeat it (as in `MaxIntrospectionDepthRule` of graphql-js).
const TYPE_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
const MAX_TYPE_LISTS: usize = 2;

/// The size of a selection set with all fragments expanded.
#[derive(Clone, Copy, Default)]
struct Size {
    fields: usize,
    aliases: usize,
    depth: usize,
    /// Selections, arguments, values and directives.
    parts: usize,
    /// Nesting of [`TYPE_LISTS`].
    type_lists: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
        self.parts = self.parts.saturating_add(other.parts);
        self.type_lists = self.type_lists.max(other.type_lists);
    }
}

/// The nesting exceeds [`MAX_NESTING`].
struct TooDeep;

/// Measures selection sets, and each fragment once.
struct Measure<'a> {
    document: &'a Syntax,
    /// The parts that each use of a variable counts.
    variables: HashMap<&'a str, usize>,
    /// The size and the nesting of each fragment. `None` while the fragment is being measured: one that spreads itself
    /// is refused by validation later.
    fragments: HashMap<&'a Name, Option<(Size, usize)>>,
}

impl<'a> Measure<'a> {
    /// The size and the nesting of a selection set at this depth.
    fn selection_set(&mut self, set: &'a SelectionSet, depth: usize) -> Result<(Size, usize), TooDeep> {
        if depth > MAX_NESTING {
            return Err(TooDeep);
        }
        let (mut size, mut nesting) = (Size::default(), 0);
        for selection in &set.items {
            let (mut inner, inner_nesting) = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let (mut inner, inner_nesting) =
                        self.selection_set(&field.selection_set.node, depth + 1)?;
                    inner.depth += 1;
                    inner.type_lists += usize::from(TYPE_LISTS.contains(&field.name.node.as_str()));
                    let aliases = usize::from(field.alias.is_some());
                    inner.add(Size {
                        fields: 1,
                        aliases,
                        parts: self.arguments(&field.arguments),
                        ..Size::default()
                    });
                    (inner, inner_nesting)
                }
                Selection::InlineFragment(inline) => {
                    self.selection_set(&inline.node.selection_set.node, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, depth + 1)?
                }
            };
            inner.parts = inner.parts.saturating_add(1 + self.directives(selection.node.directives()));
            size.add(inner);
            nesting = nesting.max(inner_nesting + 1);
        }
        // A fragment may have been measured at a smaller depth.
        if depth + nesting > MAX_NESTING { Err(TooDeep) } else { Ok((size, nesting)) }
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> usize {
        directives.iter().map(|directive| MIN_LOOKUP_PARTS + self.arguments(&directive.node.arguments)).sum()
    }

    fn arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
        arguments.iter().map(|(_, value)| 1 + self.value(&value.node)).sum()
    }

    fn value(&self, value: &Value) -> usize {
        1 + match value {
            Value::Variable(name) => {
                self.variables.get(name.as_str()).copied().unwrap_or_default().max(MIN_LOOKUP_PARTS)
            }
            Value::String(text) => text.len() / TEXT_BYTES_PER_PART,
            Value::List(items) => items.iter().map(|item| self.value(item)).sum(),
            Value::Object(fields) => fields.values().map(|value| self.value(value)).sum(),
            _ => 0,
        }
    }

    fn fragment(&mut self, name: &'a Name, depth: usize) -> Result<(Size, usize), TooDeep> {
        if let Some(measured) = self.fragments.get(name) {
            return Ok(measured.unwrap_or_default());
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Default::default());
        };
        self.fragments.insert(name, None);
        let measured = self.selection_set(&fragment.node.selection_set.node, depth)?;
        self.fragments.insert(name, Some(measured));
        Ok(measured)
    }
}

/// The parts of a value of a variable.
fn constant_parts(value: &ConstValue) -> usize {
    1 + match value {
        ConstValue::String(text) => text.len() / TEXT_BYTES_PER_PART,
        ConstValue::List(items) => items.iter().map(constant_parts).sum(),
        ConstValue::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() / TEXT_BYTES_PER_PART + constant_parts(value)).sum()
        }
        _ => 0,
    }
}

/// Whether the use of any of these variables counts more than the minimum.
pub(super) fn are_costly(variables: &Variables) -> bool {
    variables.values().any(|value| constant_parts(value) > MIN_LOOKUP_PARTS)
}

/// The parts that each use of a variable counts: those of its value or its default, because each use copies it.
fn parts_of_variables<'a>(document: &'a Syntax, variables: &'a Variables) -> HashMap<&'a str, usize> {
    let mut parts: HashMap<&str, usize> =
        variables.iter().map(|(name, value)| (name.as_str(), constant_parts(value))).collect();
    let definitions = |operation: &'a NamedOperation| operation.definition.node.variable_definitions.iter();
    for definition in document.operations.iter().flat_map(definitions) {
        let VariableDefinition { name, default_value, .. } = &definition.node;
        let default = default_value.as_ref().map_or(0, |value| constant_parts(&value.node));
        let of_variable = parts.entry(name.node.as_str()).or_default();
        *of_variable = default.max(*of_variable);
    }
    parts
}

fn too_large(message: String, at: Option<Pos>) -> ServerError {
    error::with_code(ServerError::new(message, at), ErrorCode::QueryTooLarge)
}

/// Checks the number of operations.
///
/// # Errors
/// When there are more than [`MAX_OPERATIONS`].
pub(super) fn check_operations(document: &Syntax) -> Result<(), ServerError> {
    let operations = document.operations.len();
    if operations <= MAX_OPERATIONS {
        return Ok(());
    }
    let message = format!("The document has {operations} operations; at most {MAX_OPERATIONS} are allowed");
    Err(too_large(message, None))
}

/// What a limit of an operation counts.
enum OperationLimit {
    Depth,
    Aliases,
    Fields,
    TypeLists,
}

impl OperationLimit {
    /// The message for an operation that exceeds the limit.
    fn message(self, size: usize, max: usize) -> String {
        match self {
            Self::Depth => format!("The query is {size} levels deep; at most {max} are allowed"),
            Self::Aliases => format!("The query has {size} aliases; at most {max} are allowed"),
            Self::Fields => format!("The query has {size} fields; at most {max} are allowed"),
            Self::TypeLists => {
                let lists = TYPE_LISTS.join(", ");
                format!("The query nests {lists} {size} times; at most {max} levels are allowed")
            }
        }
    }
}

/// Checks the size of an operation.
///
/// # Errors
/// When it exceeds a limit of the settings.
fn check_operation(
    operation: &NamedOperation,
    size: Size,
    config: &GraphqlConfig,
) -> Result<(), ServerError> {
    let limits = [
        (OperationLimit::Depth, size.depth, config.max_depth),
        (OperationLimit::Aliases, size.aliases, config.max_aliases),
        (OperationLimit::Fields, size.fields, config.max_complexity),
        (OperationLimit::TypeLists, size.type_lists, MAX_TYPE_LISTS),
    ];
    match limits.into_iter().find(|(_, size, max)| size > max) {
        Some((limit, size, max)) => Err(too_large(limit.message(size, max), Some(operation.definition.pos))),
        None => Ok(()),
    }
}

/// Measures a document with these variables.
///
/// # Errors
/// When it exceeds a limit of the settings, or is nested too deeply.
pub(super) fn measure(
    document: &Syntax,
    variables: &Variables,
    config: &GraphqlConfig,
) -> Result<DocumentCost, ServerError> {
    let too_deep = |at: Pos| {
        let message =
            format!("The query is nested too deeply; at most {MAX_NESTING} levels of selections are allowed");
        too_large(message, Some(at))
    };
    let variables = parts_of_variables(document, variables);
    let mut measure = Measure { document, variables, fragments: HashMap::new() };
    let mut cost = DocumentCost { fields: 0, parts: 0 };
    for operation in &document.operations {
        let definition = &operation.definition;
        let (size, _) = measure
            .selection_set(&definition.node.selection_set.node, 0)
            .map_err(|TooDeep| too_deep(definition.pos))?;
        check_operation(operation, size, config)?;
        cost.fields = cost.fields.saturating_add(size.fields);
        let variables = definition.node.variable_definitions.iter();
        cost.add_parts(
            variables.map(|variable| MIN_LOOKUP_PARTS + measure.directives(&variable.node.directives)).sum(),
        );
        cost.add_parts(measure.directives(&definition.node.directives));
        cost.add_parts(size.parts);
    }
    // Validation also visits unused fragments, and compares the fields of each with one another.
    let mut fields: usize = 0;
    for (name, fragment) in &document.fragments {
        let (size, _) = measure.fragment(name, 0).map_err(|TooDeep| too_deep(fragment.pos))?;
        fields = fields.saturating_add(size.fields);
        if fields > config.max_complexity {
            let message = format!(
                "The fragments have {fields} fields together; at most {} are allowed",
                config.max_complexity
            );
            return Err(too_large(message, Some(fragment.pos)));
        }
        cost.add_parts(measure.directives(&fragment.node.directives));
        cost.add_parts(size.parts);
    }
    Ok(cost)
}
