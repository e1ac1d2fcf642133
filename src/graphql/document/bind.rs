//! An operation with the values of its variables in place, as it is executed: what is skipped is gone, and so is what has no
//! value, so that the defaults of fields and arguments apply (specification 3.10, 6.3.2, 6.4.1).

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use super::super::error;
use super::syntax::{Operation, Syntax};

/// The operation by itself, with the fragments that it spreads.
///
/// # Errors
/// When `@skip` or `@include` is given null: a variable that may be null and has another default can be.
pub(super) fn bind(
    document: &Syntax,
    operation: &Operation,
    values: &Variables,
) -> Result<ExecutableDocument, ServerError> {
    let mut binder = Binder { values, spread: Vec::new() };
    let definition = &operation.definition;
    let bound = OperationDefinition {
        ty: definition.node.ty,
        variable_definitions: Vec::new(),
        directives: Vec::new(),
        selection_set: binder.selection_set(&definition.node.selection_set)?,
    };
    let mut fragments = HashMap::new();
    while let Some(name) = binder.spread.pop() {
        if let (false, Some(fragment)) = (fragments.contains_key(&name), document.fragments.get(&name)) {
            let bound = FragmentDefinition {
                type_condition: fragment.node.type_condition.clone(),
                directives: Vec::new(),
                selection_set: binder.selection_set(&fragment.node.selection_set)?,
            };
            fragments.insert(name, Positioned::new(bound, fragment.pos));
        }
    }
    let operations = DocumentOperations::Single(Positioned::new(bound, definition.pos));
    Ok(ExecutableDocument { operations, fragments })
}

struct Binder<'a> {
    values: &'a Variables,
    /// Fragments that are spread.
    spread: Vec<Name>,
}

impl Binder<'_> {
    fn selection_set(
        &mut self,
        set: &Positioned<SelectionSet>,
    ) -> Result<Positioned<SelectionSet>, ServerError> {
        let mut items = Vec::with_capacity(set.node.items.len());
        for selection in &set.node.items {
            if self.is_wanted(selection.node.directives())? {
                items.push(Positioned::new(self.selection(&selection.node)?, selection.pos));
            }
        }
        Ok(Positioned::new(SelectionSet { items }, set.pos))
    }

    fn selection(&mut self, selection: &Selection) -> Result<Selection, ServerError> {
        Ok(match selection {
            Selection::Field(field) => Selection::Field(Positioned::new(self.field(&field.node)?, field.pos)),
            Selection::FragmentSpread(spread) => {
                let fragment_name = spread.node.fragment_name.clone();
                self.spread.push(fragment_name.node.clone());
                let bound = FragmentSpread { fragment_name, directives: Vec::new() };
                Selection::FragmentSpread(Positioned::new(bound, spread.pos))
            }
            Selection::InlineFragment(inline) => {
                let bound = InlineFragment {
                    type_condition: inline.node.type_condition.clone(),
                    directives: Vec::new(),
                    selection_set: self.selection_set(&inline.node.selection_set)?,
                };
                Selection::InlineFragment(Positioned::new(bound, inline.pos))
            }
        })
    }

    fn field(&mut self, field: &Field) -> Result<Field, ServerError> {
        let arguments = field.arguments.iter();
        let bound = arguments.filter_map(|(name, value)| {
            Some((name.clone(), Positioned::new(self.value(&value.node)?, value.pos)))
        });
        Ok(Field {
            alias: field.alias.clone(),
            name: field.name.clone(),
            arguments: bound.collect(),
            directives: Vec::new(),
            selection_set: self.selection_set(&field.selection_set)?,
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
