//! An operation as it is executed, with the values of its variables in place. What is skipped is gone, and so is what has no
//! value, so that the defaults of fields and arguments apply (specification 3.10, 6.3.2, 6.4.1). What is asked for twice is
//! there once, fragments included (`CollectFields`, `MergeSelectionSets`): the library would do it twice.

use std::collections::{HashMap, HashSet};

use apollo_compiler::schema::ExtendedType;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection,
    SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use super::syntax::{Operation, Syntax};
use crate::api::graphql::error;
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// The operation by itself.
///
/// # Errors
/// When `@skip` or `@include` is given null: a variable that may be null and has another default can be.
pub(super) fn bind(
    document: &Syntax,
    operation: &Operation,
    values: &Variables,
) -> Result<ExecutableDocument, ServerError> {
    let definition = &operation.definition;
    let root = DEFINITIONS.schema_definition.query.as_ref().map_or("", |query| query.name.as_str());
    let bound = OperationDefinition {
        ty: definition.node.ty,
        variable_definitions: Vec::new(),
        directives: Vec::new(),
        selection_set: Binder { document, values }.set(&[&definition.node.selection_set], root)?,
    };
    let operations = DocumentOperations::Single(Positioned::new(bound, definition.pos));
    Ok(ExecutableDocument { operations, fragments: HashMap::new() })
}

type Set = Positioned<SelectionSet>;

/// Selections of one type, each once, in the order in which they first appear.
#[derive(Default)]
struct Collected<'a> {
    items: Vec<Item<'a>>,
    /// Where the field of each name in the answer is.
    fields: HashMap<&'a str, usize>,
    /// Fragments that are in it.
    fragments: HashSet<&'a Name>,
}

enum Item<'a> {
    /// A field, and what is asked for in it, in as many places.
    Field(&'a Positioned<Field>, Vec<&'a Set>),
    /// What is for some types only.
    Inline(&'a Positioned<TypeCondition>, &'a Set),
}

struct Binder<'a> {
    document: &'a Syntax,
    values: &'a Variables,
}

impl<'a> Binder<'a> {
    /// The selections of several sets of a type as one.
    fn set(&self, sets: &[&'a Set], parent: &str) -> Result<Set, ServerError> {
        let mut collected = Collected::default();
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
            if !self.is_wanted(selection.node.directives())? {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => into.add(field),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    self.narrow(condition, &inline.node.selection_set, parent, into)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let (true, Some(fragment)) =
                        (into.fragments.insert(name), self.document.fragments.get(name))
                    {
                        let condition = Some(&fragment.node.type_condition);
                        self.narrow(condition, &fragment.node.selection_set, parent, into)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes what is for all rows of a type to its other selections.
    fn narrow(
        &self,
        condition: Option<&'a Positioned<TypeCondition>>,
        set: &'a Set,
        parent: &str,
        into: &mut Collected<'a>,
    ) -> Result<(), ServerError> {
        match condition {
            Some(condition) if !always_is(parent, &condition.node.on.node) => {
                into.items.push(Item::Inline(condition, set));
                Ok(())
            }
            _ => self.collect(set, parent, into),
        }
    }

    fn item(&self, item: Item<'a>, parent: &str) -> Result<Positioned<Selection>, ServerError> {
        match item {
            Item::Field(field, sets) => {
                let bound = self.field(&field.node, &sets, parent)?;
                Ok(Positioned::new(Selection::Field(Positioned::new(bound, field.pos)), field.pos))
            }
            Item::Inline(condition, set) => {
                let bound = InlineFragment {
                    type_condition: Some(condition.clone()),
                    directives: Vec::new(),
                    selection_set: self.set(&[set], &condition.node.on.node)?,
                };
                Ok(Positioned::new(Selection::InlineFragment(Positioned::new(bound, set.pos)), set.pos))
            }
        }
    }

    fn field(&self, field: &'a Field, sets: &[&'a Set], parent: &str) -> Result<Field, ServerError> {
        let selection_set = match field.selection_set.node.items.is_empty() {
            true => field.selection_set.clone(),
            false => {
                let definition = DEFINITIONS.type_field(parent, &field.name.node);
                self.set(sets, definition.map_or("", |definition| definition.ty.inner_named_type().as_str()))?
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

    /// Whether no `@skip` and no `@include` leaves it out. There are no other directives that a document may use.
    fn is_wanted(&self, directives: &[Positioned<Directive>]) -> Result<bool, ServerError> {
        for directive in directives {
            let condition = directive.node.get_argument("if").and_then(|value| self.value(&value.node));
            let Some(Value::Boolean(condition)) = condition else {
                let message = format!("The `if` of `@{}` is null", directive.node.name.node);
                return Err(error::coded(
                    ServerError::new(message, Some(directive.pos)),
                    error::INVALID_VALUE,
                ));
            };
            if condition != (directive.node.name.node == "include") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// None for a variable that has no value.
    fn value(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Variable(name) => self.values.get(name)?.clone().into_value(),
            // An item can't be left out.
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
    fn add(&mut self, field: &'a Positioned<Field>) {
        let (name, set) = (field.node.response_key().node.as_str(), &field.node.selection_set);
        match self.fields.get(name).and_then(|index| self.items.get_mut(*index)) {
            Some(Item::Field(_, sets)) => sets.push(set),
            _ => {
                self.fields.insert(name, self.items.len());
                self.items.push(Item::Field(field, vec![set]));
            }
        }
    }
}

/// Whether all rows of a type are of another as well: it is the same, or an interface of it.
fn always_is(ty: &str, other: &str) -> bool {
    let implements = || match DEFINITIONS.types.get(ty) {
        Some(ExtendedType::Object(object)) => object.implements_interfaces.contains(other),
        Some(ExtendedType::Interface(interface)) => interface.implements_interfaces.contains(other),
        _ => false,
    };
    ty == other || implements()
}
