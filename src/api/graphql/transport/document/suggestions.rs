//! Suggests a field or argument with a similar name for an unknown one.

use std::collections::HashMap;

use apollo_compiler::ast::{Argument, Definition, Document, InputValueDefinition, OperationType, Selection};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use crate::api::graphql::schema::definitions::DEFINITIONS;

/// Minimum similarity of a suggested name (Jaro-Winkler, 0 to 1).
const MIN_SIMILARITY: f64 = 0.8;

/// The suggested names, by the offset of the unknown name in bytes.
pub(super) fn of(document: &Document) -> HashMap<usize, String> {
    let mut suggestions = Suggestions::default();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation)
                if operation.operation_type == OperationType::Query =>
            {
                suggestions.visit(&operation.selection_set, "Query");
            }
            Definition::FragmentDefinition(fragment) => {
                suggestions.visit(&fragment.selection_set, &fragment.type_condition);
            }
            _ => {}
        }
    }
    suggestions.0
}

#[derive(Default)]
struct Suggestions(HashMap<usize, String>);

impl Suggestions {
    fn add(&mut self, name: &Name, suggestion: Option<&Name>) {
        self.0.extend(
            name.location().zip(suggestion).map(|(at, suggestion)| (at.offset(), suggestion.to_string())),
        );
    }

    fn visit(&mut self, selections: &[Selection], parent: &str) {
        for selection in selections {
            match selection {
                Selection::Field(field) => match DEFINITIONS.type_field(parent, &field.name) {
                    Ok(definition) => {
                        self.arguments(&field.arguments, &definition.arguments);
                        self.visit(&field.selection_set, definition.ty.inner_named_type());
                    }
                    Err(_) => self.add(&field.name, similar_field(parent, &field.name)),
                },
                Selection::InlineFragment(inline) => {
                    let parent = inline.type_condition.as_ref().map_or(parent, Name::as_str);
                    self.visit(&inline.selection_set, parent);
                }
                // `of` visits every fragment.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn arguments(&mut self, arguments: &[Node<Argument>], expected: &[Node<InputValueDefinition>]) {
        for argument in arguments {
            if !expected.iter().any(|expected| expected.name == argument.name) {
                self.add(
                    &argument.name,
                    most_similar(&argument.name, expected.iter().map(|expected| &expected.name)),
                );
            }
        }
    }
}

fn similar_field(parent: &str, name: &Name) -> Option<&'static Name> {
    match DEFINITIONS.types.get(parent)? {
        ExtendedType::Object(object) => most_similar(name, object.fields.keys()),
        ExtendedType::Interface(interface) => most_similar(name, interface.fields.keys()),
        _ => None,
    }
}

/// The most similar name, if one is similar enough.
fn most_similar<'a>(name: &Name, names: impl Iterator<Item = &'a Name>) -> Option<&'a Name> {
    let candidates = names.map(|other| (strsim::jaro_winkler(name, other), other));
    let candidates = candidates.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY);
    candidates.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}
