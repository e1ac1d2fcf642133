//! Converts a parsed document of the validator to the types of the library that executes it. The parser of the
//! validator is used because it reads strings and numbers as the specification says.

use std::collections::HashMap;

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Node, ast};
use async_graphql::parser::types::{
    Directive, Field, FragmentDefinition, FragmentSpread, InlineFragment, OperationDefinition, OperationType,
    Selection, SelectionSet, Type, TypeCondition, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, Value as ConstValue};
use async_graphql_value::Value;
use serde_json::Number;

use super::super::metrics;
use super::position::Positions;

/// The definitions of a document. Operations keep their order.
pub(super) struct Syntax {
    pub(super) operations: Vec<NamedOperation>,
    pub(super) fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

/// An operation and its name.
pub(super) struct NamedOperation {
    pub(super) name: Option<Name>,
    pub(super) definition: Positioned<OperationDefinition>,
}

impl Syntax {
    /// Converts a document. Type definitions are omitted, because validation refuses a document that has one.
    pub(super) fn of(document: &ast::Document, text: &str) -> Self {
        let mut converter = SyntaxConverter(Positions::of(text));
        let mut syntax = Self { operations: Vec::new(), fragments: HashMap::new() };
        for definition in &document.definitions {
            match definition {
                ast::Definition::OperationDefinition(operation) => {
                    syntax.operations.push(converter.operation(operation));
                }
                ast::Definition::FragmentDefinition(fragment) => {
                    let (name, fragment) = (Name::new(fragment.name.as_str()), converter.fragment(fragment));
                    // Validation refuses a second fragment with the same name.
                    syntax.fragments.entry(name).or_insert(fragment);
                }
                _ => {}
            }
        }
        syntax
    }

    /// The index of the requested operation. `None` when no operation has this name, or when there are several
    /// operations and no name.
    pub(super) fn operation(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.operations.iter().position(|operation| operation.is_named(name)),
            None => (self.operations.len() == 1).then_some(0),
        }
    }

    /// Whether the requested operation is a mutation. Without a name, whether any operation is.
    pub(super) fn is_mutation(&self, name: Option<&str>) -> bool {
        let is_requested = |operation: &&NamedOperation| name.is_none_or(|name| operation.is_named(name));
        let mut requested = self.operations.iter().filter(is_requested);
        requested.any(|operation| operation.definition.node.ty == OperationType::Mutation)
    }

    /// The root field of an operation, as metrics name it.
    pub(super) fn root_field(&self, operation: usize) -> &'static str {
        metrics::root_field(self.operations[operation].selection_set())
    }

    /// The selection sets of all operations and fragments.
    pub(super) fn selection_sets(&self) -> impl Iterator<Item = &SelectionSet> {
        let fragments = self.fragments.values().map(|fragment| &fragment.node.selection_set.node);
        self.operations.iter().map(NamedOperation::selection_set).chain(fragments)
    }
}

impl NamedOperation {
    pub(super) fn selection_set(&self) -> &SelectionSet {
        &self.definition.node.selection_set.node
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own_name| own_name == name)
    }
}

struct SyntaxConverter<'a>(Positions<'a>);

impl SyntaxConverter<'_> {
    fn at(&mut self, part: Option<SourceSpan>) -> Pos {
        self.0.start(part)
    }

    fn operation(&mut self, operation: &Node<ast::OperationDefinition>) -> NamedOperation {
        let at = self.at(operation.location());
        let definition = OperationDefinition {
            ty: match operation.operation_type {
                ast::OperationType::Query => OperationType::Query,
                ast::OperationType::Mutation => OperationType::Mutation,
                ast::OperationType::Subscription => OperationType::Subscription,
            },
            variable_definitions: operation.variables.iter().filter_map(|it| self.variable(it)).collect(),
            directives: self.directives(&operation.directives),
            selection_set: self.selection_set(&operation.selection_set, at),
        };
        let name = operation.name.as_ref().map(|name| Name::new(name.as_str()));
        NamedOperation { name, definition: Positioned::new(definition, at) }
    }

    fn fragment(&mut self, fragment: &Node<ast::FragmentDefinition>) -> Positioned<FragmentDefinition> {
        let at = self.at(fragment.location());
        let definition = FragmentDefinition {
            type_condition: type_condition(&fragment.type_condition, at),
            directives: self.directives(&fragment.directives),
            selection_set: self.selection_set(&fragment.selection_set, at),
        };
        Positioned::new(definition, at)
    }

    /// `None` for a type that can't be read, which the validator returns after an error.
    fn variable(
        &mut self,
        variable: &Node<ast::VariableDefinition>,
    ) -> Option<Positioned<VariableDefinition>> {
        let at = self.at(variable.location());
        let definition = VariableDefinition {
            name: named(&variable.name, at),
            var_type: Positioned::new(Type::new(&variable.ty.to_string())?, at),
            directives: self.directives(&variable.directives),
            default_value: variable
                .default_value
                .as_ref()
                .map(|value| Positioned::new(constant(&self.value(value).node), at)),
        };
        Some(Positioned::new(definition, at))
    }

    fn selection_set(&mut self, selections: &[ast::Selection], at: Pos) -> Positioned<SelectionSet> {
        let items = selections.iter().map(|selection| self.selection(selection)).collect();
        Positioned::new(SelectionSet { items }, at)
    }

    fn selection(&mut self, selection: &ast::Selection) -> Positioned<Selection> {
        match selection {
            ast::Selection::Field(field) => {
                let at = self.at(field.location());
                let field = Field {
                    alias: field.alias.as_ref().map(|alias| named(alias, at)),
                    name: named(&field.name, at),
                    arguments: self.arguments(&field.arguments),
                    directives: self.directives(&field.directives),
                    selection_set: self.selection_set(&field.selection_set, at),
                };
                Positioned::new(Selection::Field(Positioned::new(field, at)), at)
            }
            ast::Selection::FragmentSpread(spread) => {
                let at = self.at(spread.location());
                let spread = FragmentSpread {
                    fragment_name: named(&spread.fragment_name, at),
                    directives: self.directives(&spread.directives),
                };
                Positioned::new(Selection::FragmentSpread(Positioned::new(spread, at)), at)
            }
            ast::Selection::InlineFragment(inline) => {
                let at = self.at(inline.location());
                let inline = InlineFragment {
                    type_condition: inline.type_condition.as_ref().map(|name| type_condition(name, at)),
                    directives: self.directives(&inline.directives),
                    selection_set: self.selection_set(&inline.selection_set, at),
                };
                Positioned::new(Selection::InlineFragment(Positioned::new(inline, at)), at)
            }
        }
    }

    fn directives(&mut self, directives: &ast::DirectiveList) -> Vec<Positioned<Directive>> {
        let directive = |directive: &Node<ast::Directive>| {
            let at = self.at(directive.location());
            let arguments = self.arguments(&directive.arguments);
            Positioned::new(Directive { name: named(&directive.name, at), arguments }, at)
        };
        directives.iter().map(directive).collect()
    }

    fn arguments(&mut self, arguments: &[Node<ast::Argument>]) -> Vec<(Positioned<Name>, Positioned<Value>)> {
        let argument = |argument: &Node<ast::Argument>| {
            let at = self.at(argument.location());
            (named(&argument.name, at), self.value(&argument.value))
        };
        arguments.iter().map(argument).collect()
    }

    fn value(&mut self, value: &Node<ast::Value>) -> Positioned<Value> {
        let at = self.at(value.location());
        Positioned::new(self::value(value), at)
    }
}

fn named(name: &apollo_compiler::Name, at: Pos) -> Positioned<Name> {
    Positioned::new(Name::new(name.as_str()), at)
}

fn type_condition(name: &apollo_compiler::Name, at: Pos) -> Positioned<TypeCondition> {
    Positioned::new(TypeCondition { on: named(name, at) }, at)
}

fn value(value: &ast::Value) -> Value {
    match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name.as_str())),
        ast::Value::Variable(name) => Value::Variable(Name::new(name.as_str())),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Float(number) => number_or_string(number.as_str(), |digits| digits.parse().ok()),
        // A larger integer is valid only for an `ID`, which is a string (specification 3.5.5).
        ast::Value::Int(number) => {
            number_or_string(number.as_str(), |digits| digits.parse::<i64>().ok().map(Number::from))
        }
        ast::Value::Boolean(value) => Value::Boolean(*value),
        ast::Value::List(items) => Value::List(items.iter().map(|item| self::value(item)).collect()),
        ast::Value::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (Name::new(name.as_str()), self::value(value))).collect(),
        ),
    }
}

fn number_or_string(digits: &str, number: impl Fn(&str) -> Option<Number>) -> Value {
    number(digits).map_or_else(|| Value::String(digits.to_owned()), Value::Number)
}

/// A default value. It has no variables, because the parser refuses them there.
fn constant(value: &Value) -> ConstValue {
    value.clone().into_const().unwrap_or_default()
}
