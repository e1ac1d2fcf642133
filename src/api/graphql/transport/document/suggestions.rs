//! Which field or argument may have been meant by one that isn't there.

use std::collections::HashMap;

use apollo_compiler::ast::{Argument, Definition, Document, InputValueDefinition, OperationType, Selection};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use crate::api::graphql::schema::definitions::DEFINITIONS;

/// From here on two names are alike (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// What may have been meant, by where the unknown name begins, in bytes.
pub(super) fn of(document: &Document) -> HashMap<usize, String> {
    let mut hints = Hints::default();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation)
                if operation.operation_type == OperationType::Query =>
            {
                hints.look_into(&operation.selection_set, "Query");
            }
            Definition::FragmentDefinition(fragment) => {
                hints.look_into(&fragment.selection_set, &fragment.type_condition);
            }
            _ => {}
        }
    }
    hints.0
}

#[derive(Default)]
struct Hints(HashMap<usize, String>);

impl Hints {
    fn add(&mut self, name: &Name, meant: Option<&Name>) {
        self.0.extend(name.location().zip(meant).map(|(at, meant)| (at.offset(), meant.to_string())));
    }

    fn look_into(&mut self, selections: &[Selection], parent: &str) {
        for selection in selections {
            match selection {
                Selection::Field(field) => match DEFINITIONS.type_field(parent, &field.name) {
                    Ok(definition) => {
                        self.arguments(&field.arguments, &definition.arguments);
                        self.look_into(&field.selection_set, definition.ty.inner_named_type());
                    }
                    Err(_) => self.add(&field.name, meant_field(parent, &field.name)),
                },
                Selection::InlineFragment(inline) => {
                    let parent = inline.type_condition.as_ref().map_or(parent, Name::as_str);
                    self.look_into(&inline.selection_set, parent);
                }
                // Looked into by itself.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn arguments(&mut self, given: &[Node<Argument>], expected: &[Node<InputValueDefinition>]) {
        for argument in given {
            if !expected.iter().any(|expected| expected.name == argument.name) {
                self.add(
                    &argument.name,
                    alike(&argument.name, expected.iter().map(|expected| &expected.name)),
                );
            }
        }
    }
}

fn meant_field(parent: &str, name: &Name) -> Option<&'static Name> {
    match DEFINITIONS.types.get(parent)? {
        ExtendedType::Object(object) => alike(name, object.fields.keys()),
        ExtendedType::Interface(interface) => alike(name, interface.fields.keys()),
        _ => None,
    }
}

/// The name that is most like one, if any is.
fn alike<'a>(name: &Name, names: impl Iterator<Item = &'a Name>) -> Option<&'a Name> {
    let alike = names.map(|other| (strsim::jaro_winkler(name, other), other));
    let alike = alike.filter(|(likeness, _)| *likeness >= ALIKE);
    alike.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}
