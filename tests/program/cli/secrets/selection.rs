//! Builds queries of the whole schema: one or more for each root field, with all of its nested fields.

use std::collections::BTreeMap;

use async_graphql_parser::types::{BaseType, FieldDefinition, TypeKind, TypeSystemDefinition};

/// Arguments by type and field, such as `Query.customer`. A field with several entries is queried once with each.
pub(super) type Arguments = BTreeMap<&'static str, Vec<String>>;

struct Schema {
    types: BTreeMap<String, TypeKind>,
    arguments: Arguments,
}

/// One query for each root field and each of its variants.
pub(super) fn queries(arguments: Arguments) -> Vec<String> {
    let document = async_graphql_parser::parse_schema(include_str!("../../../../schema.graphql"));
    let types = document.expect("the schema is valid").definitions.into_iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else { return None };
        Some((definition.node.name.node.to_string(), definition.node.kind))
    });
    let schema = Schema { types: types.collect(), arguments };
    let mut queries = Vec::new();
    for field in schema.fields("Query") {
        for selection in schema.variants("Query", field, &mut vec!["Query".to_owned()]) {
            queries.push(format!("{{ {selection} }}"));
        }
    }
    queries
}

impl Schema {
    fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match &self.types[name] {
            TypeKind::Object(object) => object.fields.iter().map(|field| &field.node).collect(),
            other => panic!("{name} has no fields: {other:?}"),
        }
    }

    /// The selections of a field with all nested fields: one for each of its arguments and each type that it may have.
    fn variants(&self, owner: &str, field: &FieldDefinition, path: &mut Vec<String>) -> Vec<String> {
        let name = field.name.node.to_string();
        let path_of_field = format!("{owner}.{name}");
        let has_required = field
            .arguments
            .iter()
            .any(|argument| !argument.node.ty.node.nullable && argument.node.default_value.is_none());
        let arguments = match self.arguments.get(path_of_field.as_str()) {
            Some(arguments) => arguments.iter().map(|arguments| format!("({arguments})")).collect(),
            None if has_required => {
                panic!("{path_of_field} has required arguments: add them in tests/program/cli/secrets/mod.rs")
            }
            None => vec![String::new()],
        };
        let selections = self.selections(type_name(&field.ty.node.base), path);
        let mut variants = Vec::new();
        for arguments in &arguments {
            variants.extend(selections.iter().map(|selection| format!("{name}{arguments}{selection}")));
        }
        variants
    }

    /// The selection sets of a type: one for an object, one for each implementation of an interface, an empty string for a
    /// scalar or an enum, and none for a type that is already on the path.
    fn selections(&self, name: &str, path: &mut Vec<String>) -> Vec<String> {
        match self.types.get(name) {
            Some(TypeKind::Object(_)) if path.iter().any(|outer| outer == name) => Vec::new(),
            Some(TypeKind::Object(_)) => {
                path.push(name.to_owned());
                let fields = self.fields(name).into_iter().flat_map(|field| self.variants(name, field, path));
                let fields: Vec<String> = fields.collect();
                path.pop();
                vec![format!(" {{ {} }}", fields.join(" "))]
            }
            Some(TypeKind::Interface(_)) => {
                let kinds = self.types.iter().filter(|(_, kind)| match kind {
                    TypeKind::Object(object) => {
                        object.implements.iter().any(|interface| interface.node == name)
                    }
                    _ => false,
                });
                let kinds: Vec<String> = kinds.map(|(kind, _)| kind.clone()).collect();
                let selections = kinds.iter().flat_map(|kind| {
                    self.selections(kind, path)
                        .into_iter()
                        .map(move |selection| format!(" {{ ... on {kind}{selection} }}"))
                });
                selections.collect()
            }
            _ => vec![String::new()],
        }
    }
}

/// The name of a type without lists.
fn type_name(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => type_name(&inner.base),
    }
}
