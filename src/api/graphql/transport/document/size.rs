//! How large a document may be, measured before it is validated: fragments are expanded one spread after the other when it
//! runs, so that thirty that each spread the next twice would take hours, and selections are gone down into by recursion,
//! so that a long chain of them would overflow the stack and end the process.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, Selection, SelectionSet, VariableDefinition};
use async_graphql::{Name, Pos, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use super::syntax::{Operation, Syntax};
use crate::api::graphql::budget::Amount;
use crate::api::graphql::error;
use crate::config::GraphqlConfig;

/// How deeply selections may be nested, fragments and all: more than a query that is within `max_depth` needs, as much
/// as the parser allows within one fragment, and far less than a thread's stack holds.
pub(in crate::api::graphql) const MAX_NESTING: usize = 64;

/// The most operations of a document (contract, section 7): each is validated, and runs into the errors of the fragments
/// that it spreads.
const MAX_OPERATIONS: usize = 100;
/// What a directive, or the use of a variable, counts as at least: each can be an error, and is looked up by its name.
const COSTLY: usize = 10;
/// So many bytes of a text in a value count as one part.
const TEXT: usize = 32;
/// Lists of the schema's types, each of which leads to further types: two levels of them are the whole schema, and more
/// go around in circles (as graphql-js' `MaxIntrospectionDepthRule`).
const TYPE_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
const MAX_TYPE_LISTS: usize = 2;

/// What a selection amounts to with all its fragments in place.
#[derive(Clone, Copy, Default)]
struct Size {
    fields: usize,
    aliases: usize,
    depth: usize,
    /// Selections, arguments, values and directives.
    parts: usize,
    /// Levels of [`TYPE_LISTS`].
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

/// It is nested more deeply than anybody looks into it.
struct TooDeep;

/// Measures each fragment once.
struct Measure<'a> {
    document: &'a Syntax,
    /// What using each variable amounts to.
    variables: HashMap<&'a str, usize>,
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
            let (mut inner, below) = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let (mut inner, below) = self.selection_set(&field.selection_set.node, above + 1)?;
                    inner.depth += 1;
                    inner.type_lists += usize::from(TYPE_LISTS.contains(&field.name.node.as_str()));
                    let aliases = usize::from(field.alias.is_some());
                    inner.add(Size {
                        fields: 1,
                        aliases,
                        parts: self.arguments(&field.arguments),
                        ..Size::default()
                    });
                    (inner, below)
                }
                Selection::InlineFragment(inline) => {
                    self.selection_set(&inline.node.selection_set.node, above + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, above + 1)?
                }
            };
            inner.parts = inner.parts.saturating_add(1 + self.directives(selection.node.directives()));
            size.add(inner);
            nesting = nesting.max(below + 1);
        }
        // Of a fragment that was measured elsewhere, too.
        if above + nesting > MAX_NESTING { Err(TooDeep) } else { Ok((size, nesting)) }
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> usize {
        directives.iter().map(|directive| COSTLY + self.arguments(&directive.node.arguments)).sum()
    }

    fn arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
        arguments.iter().map(|(_, value)| 1 + self.value(&value.node)).sum()
    }

    fn value(&self, value: &Value) -> usize {
        1 + match value {
            Value::Variable(name) => {
                self.variables.get(name.as_str()).copied().unwrap_or_default().max(COSTLY)
            }
            Value::String(text) => text.len() / TEXT,
            Value::List(items) => items.iter().map(|item| self.value(item)).sum(),
            Value::Object(fields) => fields.values().map(|value| self.value(value)).sum(),
            _ => 0,
        }
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

/// What the value of a variable amounts to.
fn constant(value: &ConstValue) -> usize {
    1 + match value {
        ConstValue::String(text) => text.len() / TEXT,
        ConstValue::List(items) => items.iter().map(constant).sum(),
        ConstValue::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() / TEXT + constant(value)).sum()
        }
        _ => 0,
    }
}

/// Whether using any of these amounts to more than it counts as anyway.
pub(super) fn are_costly(variables: &Variables) -> bool {
    variables.values().any(|value| constant(value) > COSTLY)
}

/// What using each variable amounts to: its value, or its default. Each use copies it.
fn weights<'a>(document: &'a Syntax, variables: &'a Variables) -> HashMap<&'a str, usize> {
    let mut weights: HashMap<&str, usize> =
        variables.iter().map(|(name, value)| (name.as_str(), constant(value))).collect();
    let definitions = |operation: &'a Operation| operation.definition.node.variable_definitions.iter();
    for definition in document.operations.iter().flat_map(definitions) {
        let VariableDefinition { name, default_value, .. } = &definition.node;
        let default = default_value.as_ref().map_or(0, |value| constant(&value.node));
        let weight = weights.entry(name.node.as_str()).or_default();
        *weight = default.max(*weight);
    }
    weights
}

fn refusal(message: String, at: Option<Pos>) -> ServerError {
    error::coded(ServerError::new(message, at), "QUERY_TOO_LARGE")
}

/// Refuses a document with too many operations.
pub(super) fn check_operations(document: &Syntax) -> Result<(), ServerError> {
    let operations = document.operations.len();
    if operations <= MAX_OPERATIONS {
        return Ok(());
    }
    let message = format!("The document has {operations} operations; at most {MAX_OPERATIONS} are allowed");
    Err(refusal(message, None))
}

/// Refuses an operation that is larger than the settings allow.
fn check_operation(operation: &Operation, size: Size, config: &GraphqlConfig) -> Result<(), ServerError> {
    for (what, found, most) in [
        ("levels deep", size.depth, config.max_depth),
        ("aliases", size.aliases, config.max_aliases),
        ("fields", size.fields, config.max_complexity),
        ("lists of types", size.type_lists, MAX_TYPE_LISTS),
    ] {
        if found > most {
            let message = match what {
                "levels deep" => format!("The query is {found} levels deep; at most {most} are allowed"),
                "lists of types" => format!(
                    "The query nests {} {found} times; at most {most} levels are allowed",
                    TYPE_LISTS.join(", ")
                ),
                _ => format!("The query has {found} {what}; at most {most} are allowed"),
            };
            return Err(refusal(message, Some(operation.definition.pos)));
        }
    }
    Ok(())
}

/// Measures a document, with these values of variables in place. Refuses one that is too large to be validated, or that
/// uses too many aliases.
pub(super) fn measure(
    document: &Syntax,
    variables: &Variables,
    config: &GraphqlConfig,
) -> Result<Amount, ServerError> {
    let too_deep = |at: Pos| {
        let message = format!("The query is nested too deeply; at most {MAX_NESTING} selections may be");
        refusal(message, Some(at))
    };
    let variables = weights(document, variables);
    let mut measure = Measure { document, variables, fragments: HashMap::new() };
    let mut all = Amount { fields: 0, parts: 0 };
    for operation in &document.operations {
        let definition = &operation.definition;
        let (size, _) = measure
            .selection_set(&definition.node.selection_set.node, 0)
            .map_err(|TooDeep| too_deep(definition.pos))?;
        check_operation(operation, size, config)?;
        all.fields = all.fields.saturating_add(size.fields);
        let variables = definition.node.variable_definitions.iter();
        all.add_parts(variables.map(|variable| COSTLY + measure.directives(&variable.node.directives)).sum());
        all.add_parts(measure.directives(&definition.node.directives));
        all.add_parts(size.parts);
    }
    // Validation looks into fragments that nothing spreads as well, and compares the fields of each with each other.
    let mut fields: usize = 0;
    for (name, fragment) in &document.fragments {
        let (size, _) = measure.fragment(name, 0).map_err(|TooDeep| too_deep(fragment.pos))?;
        fields = fields.saturating_add(size.fields);
        if fields > config.max_complexity {
            let message = format!(
                "The fragments have {fields} fields together; at most {} are allowed",
                config.max_complexity
            );
            return Err(refusal(message, Some(fragment.pos)));
        }
        all.add_parts(measure.directives(&fragment.node.directives));
        all.add_parts(size.parts);
    }
    Ok(all)
}
