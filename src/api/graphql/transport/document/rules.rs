//! The rules of validation (specification 5.6.3, 5.8.5) that the validator doesn't have, or has for arguments only: input fields
//! that are given twice, variables inside lists and objects, and what is no moment where one is expected.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{Argument, InputValueDefinition, Type, Value, VariableDefinition};
use apollo_compiler::executable::{DirectiveList, Operation, Selection, SelectionSet};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Node};

use crate::api::graphql::schema::date_time;
use crate::api::graphql::schema::definitions::DEFINITIONS;

/// A rule that is broken, and where.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) at: Option<SourceSpan>,
}

/// A variable where a value of a type is expected.
struct Usage<'a> {
    variable: &'a Name,
    ty: &'a Type,
    /// Whether what is expected has a default of its own.
    has_default: bool,
    at: Option<SourceSpan>,
}

/// What is in an operation or a fragment, without the fragments that it spreads.
#[derive(Default)]
struct Contents<'a> {
    usages: Vec<Usage<'a>>,
    spreads: HashSet<&'a Name>,
}

/// The faults of a document in which the validator found none; at most so many.
pub(super) fn faults(document: &ExecutableDocument, most: usize) -> Vec<Fault> {
    let mut reader = Reader { faults: Vec::new() };
    let fragments: HashMap<&Name, Contents<'_>> = document
        .fragments
        .iter()
        .map(|(name, fragment)| (name, reader.contents(&fragment.selection_set)))
        .collect();
    for operation in document.operations.iter() {
        let own = reader.contents(&operation.selection_set);
        for definition in &operation.variables {
            if let Some(value) = &definition.default_value {
                reader.value(value, &definition.ty, false, &mut Contents::default());
            }
        }
        reader.positions(operation, own, &fragments, most);
        if reader.faults.len() >= most {
            break;
        }
    }
    reader.faults.truncate(most);
    reader.faults
}

struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, message: String, at: Option<SourceSpan>) {
        self.faults.push(Fault { message, at });
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

    /// A value where one of this type is expected.
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
                self.fault(format!("`{other}` is no {}: {}", date_time::NAME, date_time::EXPECTED), at);
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
                self.fault(format!("the input field `{name}` is given twice"), name.location());
            }
            if let Some(expected) = defined.and_then(|input| input.fields.get(name)) {
                self.value(value, &expected.ty, expected.default_value.is_some(), into);
            }
        }
    }

    /// Whether each variable of an operation fits where it stands, fragments included.
    fn positions<'a>(
        &mut self,
        operation: &'a Operation,
        own: Contents<'a>,
        fragments: &HashMap<&'a Name, Contents<'a>>,
        most: usize,
    ) {
        let variables: HashMap<&Name, &VariableDefinition> =
            operation.variables.iter().map(|definition| (&definition.name, &**definition)).collect();
        let mut seen: HashSet<&Name> = own.spreads.clone();
        let mut left: Vec<&Name> = own.spreads.iter().copied().collect();
        let mut usages: Vec<&Usage<'_>> = own.usages.iter().collect();
        while let Some(contents) = left.pop().map(|name| fragments.get(name)) {
            let Some(contents) = contents else { continue };
            usages.extend(&contents.usages);
            left.extend(contents.spreads.iter().copied().filter(|name| seen.insert(name)));
        }
        for usage in usages {
            let Some(definition) = variables.get(usage.variable) else { continue };
            if self.faults.len() < most && !is_allowed(definition, usage) {
                let message = format!(
                    "the variable `${}` of the type `{}` can't be used where `{}` is expected",
                    usage.variable, definition.ty, usage.ty
                );
                self.fault(message, usage.at);
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
