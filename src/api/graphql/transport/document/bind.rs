//! Binds an operation: replaces its variables by their values and its fragments by their selections.
//!
//! Skipped selections are removed. So are arguments and input fields without a value, so that their defaults apply
//! (specification 3.10, 6.3.2, 6.4.1). A field that is selected several times, also through fragments, is merged into
//! one (`CollectFields`, `MergeSelectionSets`), because the library would resolve it several times.

use std::collections::{HashMap, HashSet};

use apollo_compiler::schema::ExtendedType;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection,
    SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use super::syntax::{NamedOperation, Syntax};
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// A document with this operation only.
///
/// # Errors
/// When the condition of `@skip` or `@include` is null. A valid document allows that: a nullable variable with a
/// default can be null.
pub(super) fn bind(
    document: &Syntax,
    operation: &NamedOperation,
    values: &Variables,
) -> Result<ExecutableDocument, ServerError> {
    let definition = &operation.definition;
    let root = DEFINITIONS.schema_definition.query.as_ref().map_or("", |query| query.name.as_str());
    let bound = OperationDefinition {
        ty: definition.node.ty,
        variable_definitions: Vec::new(),
        directives: Vec::new(),
        selection_set: Binder { document, values }.merge(&[&definition.node.selection_set], root)?,
    };
    let operations = DocumentOperations::Single(Positioned::new(bound, definition.pos));
    Ok(ExecutableDocument { operations, fragments: HashMap::new() })
}

type Set = Positioned<SelectionSet>;

/// The merged selections of one type, in the order in which they first appear.
struct Collected<'a> {
    items: Vec<Item<'a>>,
    /// The index of the field in `items`, by its response name.
    fields: HashMap<&'a str, usize>,
    /// The fragments that are collected already.
    fragments: HashSet<&'a Name>,
}

enum Item<'a> {
    /// A field, and the selection sets of its further occurrences.
    Field(&'a Positioned<Field>, Vec<&'a Set>),
    /// Selections for another type.
    Inline(&'a Positioned<TypeCondition>, &'a Set),
}

struct Binder<'a> {
    document: &'a Syntax,
    values: &'a Variables,
}

impl<'a> Binder<'a> {
    /// Merges the selection sets of a type into one.
    fn merge(&self, sets: &[&'a Set], parent: &str) -> Result<Set, ServerError> {
        let count = sets.iter().map(|set| set.node.items.len()).sum();
        let mut collected = Collected::with_capacity(count);
        for set in sets {
            self.collect(set, parent, &mut collected)?;
        }
        let items = collected.items.into_iter().map(|item| self.item(item, parent));
        let items = items.collect::<Result<_, _>>()?;
        let at = sets.first().map_or_else(Pos::default, |set| set.pos);
        Ok(Positioned::new(SelectionSet { items }, at))
    }

    fn collect(&self, set: &'a Set, parent: &str, into: &mut Collected<'a>) -> Result<(), ServerError> {
        for selection in &set.node.items {
            if !self.is_included(selection.node.directives())? {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => into.add(field),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    self.collect_fragment(condition, &inline.node.selection_set, parent, into)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let (true, Some(fragment)) =
                        (into.fragments.insert(name), self.document.fragments.get(name))
                    {
                        let condition = Some(&fragment.node.type_condition);
                        self.collect_fragment(condition, &fragment.node.selection_set, parent, into)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Collects the selections of a fragment. If its type condition always holds, they are merged with the other
    /// selections.
    fn collect_fragment(
        &self,
        condition: Option<&'a Positioned<TypeCondition>>,
        set: &'a Set,
        parent: &str,
        into: &mut Collected<'a>,
    ) -> Result<(), ServerError> {
        match condition {
            Some(condition) if !is_subtype(parent, &condition.node.on.node) => {
                into.items.push(Item::Inline(condition, set));
                Ok(())
            }
            _ => self.collect(set, parent, into),
        }
    }

    fn item(&self, item: Item<'a>, parent: &str) -> Result<Positioned<Selection>, ServerError> {
        match item {
            Item::Field(field, more) => {
                let bound = self.field(&field.node, more, parent)?;
                Ok(Positioned::new(Selection::Field(Positioned::new(bound, field.pos)), field.pos))
            }
            Item::Inline(condition, set) => {
                let bound = InlineFragment {
                    type_condition: Some(condition.clone()),
                    directives: Vec::new(),
                    selection_set: self.merge(&[set], &condition.node.on.node)?,
                };
                Ok(Positioned::new(Selection::InlineFragment(Positioned::new(bound, set.pos)), set.pos))
            }
        }
    }

    /// `sets` are the selection sets of further occurrences of the field.
    fn field(&self, field: &'a Field, mut sets: Vec<&'a Set>, parent: &str) -> Result<Field, ServerError> {
        let selection_set = match field.selection_set.node.items.is_empty() {
            true => field.selection_set.clone(),
            false => {
                let definition = DEFINITIONS.type_field(parent, &field.name.node);
                let name = definition.map_or("", |definition| definition.ty.inner_named_type().as_str());
                sets.insert(0, &field.selection_set);
                self.merge(&sets, name)?
            }
        };
        let arguments = field.arguments.iter().filter_map(|(name, value)| {
            Some((name.clone(), Positioned::new(self.value(&value.node)?, value.pos)))
        });
        Ok(Field {
            alias: field.alias.clone(),
            name: field.name.clone(),
            arguments: arguments.collect(),
            directives: Vec::new(),
            selection_set,
        })
    }

    /// Whether `@skip` and `@include` keep a selection. The schema has no other directives for documents.
    fn is_included(&self, directives: &[Positioned<Directive>]) -> Result<bool, ServerError> {
        for directive in directives {
            let condition = directive.node.get_argument("if").and_then(|value| self.value(&value.node));
            let Some(Value::Boolean(condition)) = condition else {
                let message = format!("The argument `if` of `@{}` is null", directive.node.name.node);
                return Err(error::with_code(
                    ServerError::new(message, Some(directive.pos)),
                    ErrorCode::INVALID_VALUE,
                ));
            };
            if condition != (directive.node.name.node == "include") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The value with its variables replaced, or `None` for a variable without a value.
    fn value(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Variable(name) => self.values.get(name)?.clone().into_value(),
            // An item can't be removed.
            Value::List(items) => {
                Value::List(items.iter().map(|item| self.value(item).unwrap_or(Value::Null)).collect())
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                Value::Object(
                    fields.filter_map(|(name, value)| Some((name.clone(), self.value(value)?))).collect(),
                )
            }
            other => other.clone(),
        })
    }
}

impl<'a> Collected<'a> {
    /// Nothing, with room for so many items.
    fn with_capacity(count: usize) -> Self {
        Self {
            items: Vec::with_capacity(count),
            fields: HashMap::with_capacity(count),
            fragments: HashSet::new(),
        }
    }

    fn add(&mut self, field: &'a Positioned<Field>) {
        let name = field.node.response_key().node.as_str();
        match self.fields.get(name).and_then(|index| self.items.get_mut(*index)) {
            Some(Item::Field(_, more)) => more.push(&field.node.selection_set),
            _ => {
                self.fields.insert(name, self.items.len());
                self.items.push(Item::Field(field, Vec::new()));
            }
        }
    }
}

/// Whether every object of a type also has the other type: it is the same type, or an interface that the type
/// implements.
fn is_subtype(ty: &str, other: &str) -> bool {
    let implements = || match DEFINITIONS.types.get(ty) {
        Some(ExtendedType::Object(object)) => object.implements_interfaces.contains(other),
        Some(ExtendedType::Interface(interface)) => interface.implements_interfaces.contains(other),
        _ => false,
    };
    ty == other || implements()
}
