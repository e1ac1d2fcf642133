//! Validation rules that the validator lacks, or has only for arguments: an input field is given twice (specification
//! 5.6.3), a variable inside a list or object doesn't fit its position (5.8.5), a literal is not a valid timestamp.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{Argument, InputValueDefinition, Type, Value, VariableDefinition};
use apollo_compiler::executable::{DirectiveList, Operation, Selection, SelectionSet};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Node};

use crate::api::graphql::schema::date_time;
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// A violation of a rule, with its position.
pub(super) struct Violation {
    pub(super) message: String,
    pub(super) at: Option<SourceSpan>,
}

/// A variable in the position of a value.
struct Usage<'a> {
    variable: &'a Name,
    ty: &'a Type,
    /// Whether the argument or input field has a default.
    has_default: bool,
    at: Option<SourceSpan>,
}

/// The contents of an operation or a fragment, without the fragments that it spreads.
#[derive(Default)]
struct Contents<'a> {
    usages: Vec<Usage<'a>>,
    spreads: HashSet<&'a Name>,
}

/// The violations in a document that the validator accepted; at most `max`.
pub(super) fn violations(document: &ExecutableDocument, max: usize) -> Vec<Violation> {
    let mut checker = RuleChecker { violations: Vec::new() };
    let fragments: HashMap<&Name, Contents<'_>> = document
        .fragments
        .iter()
        .map(|(name, fragment)| (name, checker.contents(&fragment.selection_set)))
        .collect();
    for operation in document.operations.iter() {
        let own = checker.contents(&operation.selection_set);
        for definition in &operation.variables {
            if let Some(value) = &definition.default_value {
                checker.value(value, &definition.ty, false, &mut Contents::default());
            }
        }
        checker.positions(operation, own, &fragments, max);
        if checker.violations.len() >= max {
            break;
        }
    }
    checker.violations.truncate(max);
    checker.violations
}

struct RuleChecker {
    violations: Vec<Violation>,
}

impl RuleChecker {
    fn report(&mut self, message: String, at: Option<SourceSpan>) {
        self.violations.push(Violation { message, at });
    }

    fn contents<'a>(&mut self, set: &'a SelectionSet) -> Contents<'a> {
        let mut contents = Contents::default();
        self.selection_set(set, &mut contents);
        contents
    }

    fn selection_set<'a>(&mut self, set: &'a SelectionSet, into: &mut Contents<'a>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.arguments, &field.definition.arguments, into);
                    self.directives(&field.directives, into);
                    self.selection_set(&field.selection_set, into);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives, into);
                    into.spreads.insert(&spread.fragment_name);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives, into);
                    self.selection_set(&inline.selection_set, into);
                }
            }
        }
    }

    fn directives<'a>(&mut self, directives: &'a DirectiveList, into: &mut Contents<'a>) {
        for directive in directives.iter() {
            if let Some(definition) = DEFINITIONS.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, &definition.arguments, into);
            }
        }
    }

    fn arguments<'a>(
        &mut self,
        arguments: &'a [Node<Argument>],
        definitions: &'a [Node<InputValueDefinition>],
        into: &mut Contents<'a>,
    ) {
        for argument in arguments {
            if let Some(expected) = definitions.iter().find(|expected| expected.name == argument.name) {
                self.value(&argument.value, &expected.ty, expected.default_value.is_some(), into);
            }
        }
    }

    /// Checks a value in the position of this type.
    fn value<'a>(
        &mut self,
        value: &'a Node<Value>,
        ty: &'a Type,
        has_default: bool,
        into: &mut Contents<'a>,
    ) {
        let at = value.location();
        match &**value {
            Value::Variable(variable) => into.usages.push(Usage { variable, ty, has_default, at }),
            Value::Null => {}
            // Items have no defaults.
            Value::List(items) if ty.is_list() => {
                items.iter().for_each(|item| self.value(item, ty.item_type(), false, into));
            }
            Value::String(text) if date_time::is_timestamp(text) => {}
            other if ty.inner_named_type() == date_time::NAME => {
                self.report(
                    format!("`{other}` is not a valid {}: {}", date_time::NAME, date_time::EXPECTED),
                    at,
                );
            }
            Value::Object(fields) => self.object(fields, ty, into),
            _ => {}
        }
    }

    fn object<'a>(&mut self, fields: &'a [(Name, Node<Value>)], ty: &'a Type, into: &mut Contents<'a>) {
        let mut seen = HashSet::new();
        let defined = match DEFINITIONS.types.get(ty.inner_named_type()) {
            Some(ExtendedType::InputObject(input)) => Some(input),
            _ => None,
        };
        for (name, value) in fields {
            if !seen.insert(name) {
                self.report(format!("the input field `{name}` is given twice"), name.location());
            }
            if let Some(expected) = defined.and_then(|input| input.fields.get(name)) {
                self.value(value, &expected.ty, expected.default_value.is_some(), into);
            }
        }
    }

    /// Checks that each variable of an operation fits its positions, also in fragments.
    fn positions<'a>(
        &mut self,
        operation: &'a Operation,
        own: Contents<'a>,
        fragments: &HashMap<&'a Name, Contents<'a>>,
        max: usize,
    ) {
        let variables: HashMap<&Name, &VariableDefinition> =
            operation.variables.iter().map(|definition| (&definition.name, &**definition)).collect();
        let mut seen: HashSet<&Name> = own.spreads.clone();
        let mut pending: Vec<&Name> = own.spreads.iter().copied().collect();
        let mut usages: Vec<&Usage<'_>> = own.usages.iter().collect();
        while let Some(contents) = pending.pop().map(|name| fragments.get(name)) {
            let Some(contents) = contents else { continue };
            usages.extend(&contents.usages);
            pending.extend(contents.spreads.iter().copied().filter(|name| seen.insert(name)));
        }
        for usage in usages {
            let Some(definition) = variables.get(usage.variable) else { continue };
            if self.violations.len() < max && !is_allowed(definition, usage) {
                let message = format!(
                    "the variable `${}` of the type `{}` can't be used where `{}` is expected",
                    usage.variable, definition.ty, usage.ty
                );
                self.report(message, usage.at);
            }
        }
    }
}

/// `IsVariableUsageAllowed` of the specification (5.8.5).
fn is_allowed(definition: &VariableDefinition, usage: &Usage<'_>) -> bool {
    if !usage.ty.is_non_null() || definition.ty.is_non_null() {
        return definition.ty.is_assignable_to(usage.ty);
    }
    let has_default = definition.default_value.as_ref().is_some_and(|default| !default.is_null());
    (has_default || usage.has_default) && definition.ty.is_assignable_to(&usage.ty.clone().nullable())
}
