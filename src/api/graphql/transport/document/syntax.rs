//! A parsed document, as the library that executes it has it: turned into that from the validator's, which reads strings
//! and numbers as the specification says.

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
use super::place::Places;

/// What a document defines, in its order.
pub(super) struct Syntax {
    pub(super) operations: Vec<Operation>,
    pub(super) fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

/// An operation and its name.
pub(super) struct Operation {
    pub(super) name: Option<Name>,
    pub(super) definition: Positioned<OperationDefinition>,
}

impl Syntax {
    /// What a document defines. Definitions of types are left out: a document with any is not valid.
    pub(super) fn of(document: &ast::Document, text: &str) -> Self {
        let mut reader = Reader(Places::of(text));
        let mut syntax = Self { operations: Vec::new(), fragments: HashMap::new() };
        for definition in &document.definitions {
            match definition {
                ast::Definition::OperationDefinition(operation) => {
                    syntax.operations.push(reader.operation(operation));
                }
                ast::Definition::FragmentDefinition(fragment) => {
                    let (name, fragment) = (Name::new(fragment.name.as_str()), reader.fragment(fragment));
                    // A second one of the same name is refused.
                    syntax.fragments.entry(name).or_insert(fragment);
                }
                _ => {}
            }
        }
        syntax
    }

    /// Which operation is wanted; none when there is none of that name, or several to choose from.
    pub(super) fn operation(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.operations.iter().position(|operation| operation.is_named(name)),
            None => (self.operations.len() == 1).then_some(0),
        }
    }

    /// Whether the operation that is wanted, or any when none is named, is a mutation.
    pub(super) fn is_change(&self, name: Option<&str>) -> bool {
        let is_wanted = |operation: &&Operation| name.is_none_or(|name| operation.is_named(name));
        let mut wanted = self.operations.iter().filter(is_wanted);
        wanted.any(|operation| operation.definition.node.ty == OperationType::Mutation)
    }

    /// The root field of an operation, as metrics name it.
    pub(super) fn root_field(&self, operation: usize) -> &'static str {
        metrics::root_field(self.operations[operation].selection_set())
    }

    /// All selections: those of operations, and of fragments.
    pub(super) fn selection_sets(&self) -> impl Iterator<Item = &SelectionSet> {
        let fragments = self.fragments.values().map(|fragment| &fragment.node.selection_set.node);
        self.operations.iter().map(Operation::selection_set).chain(fragments)
    }
}

impl Operation {
    /// What it asks for.
    pub(super) fn selection_set(&self) -> &SelectionSet {
        &self.definition.node.selection_set.node
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own == name)
    }
}

struct Reader<'a>(Places<'a>);

impl Reader<'_> {
    fn at(&mut self, part: Option<SourceSpan>) -> Pos {
        self.0.start(part)
    }

    fn operation(&mut self, operation: &Node<ast::OperationDefinition>) -> Operation {
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
        Operation { name, definition: Positioned::new(definition, at) }
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

    /// None for a type that can't be read: what the validator gives for it after an error.
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
        ast::Value::Float(number) => number_or_text(number.as_str(), |digits| digits.parse().ok()),
        // What is too large for that only an `ID` takes, and an `ID` is a text (specification 3.5.5).
        ast::Value::Int(number) => {
            number_or_text(number.as_str(), |digits| digits.parse::<i64>().ok().map(Number::from))
        }
        ast::Value::Boolean(value) => Value::Boolean(*value),
        ast::Value::List(items) => Value::List(items.iter().map(|item| self::value(item)).collect()),
        ast::Value::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (Name::new(name.as_str()), self::value(value))).collect(),
        ),
    }
}

fn number_or_text(digits: &str, number: impl Fn(&str) -> Option<Number>) -> Value {
    number(digits).map_or_else(|| Value::String(digits.to_owned()), Value::Number)
}

/// A default, which has no variables: a document in which one has any can't be parsed.
fn constant(value: &Value) -> ConstValue {
    value.clone().into_const().unwrap_or_default()
}
