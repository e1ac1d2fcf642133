//! A query for every root field of the schema, with every field below it that there is.

use std::collections::BTreeMap;

use async_graphql_parser::types::{BaseType, FieldDefinition, TypeKind, TypeSystemDefinition};

/// Arguments, by type and field: every field that has to have some, and root fields that need some to find anything.
pub(super) type Arguments = BTreeMap<&'static str, Vec<String>>;

struct Schema {
    types: BTreeMap<String, TypeKind>,
    arguments: Arguments,
}

/// One query for each way to ask for a root field.
pub(super) fn queries(arguments: Arguments) -> Vec<String> {
    let document = async_graphql_parser::parse_schema(include_str!("../../../../schema.graphql"));
    let types = document.expect("the schema is one").definitions.into_iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else { return None };
        Some((definition.node.name.node.to_string(), definition.node.kind))
    });
    let schema = Schema { types: types.collect(), arguments };
    let mut queries = Vec::new();
    for field in schema.fields("Query") {
        for selection in schema.ways("Query", field, &mut vec!["Query".to_owned()]) {
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

    /// The field with all that is below it, once for each of its arguments and for each type that it may have.
    fn ways(&self, owner: &str, field: &FieldDefinition, path: &mut Vec<String>) -> Vec<String> {
        let name = field.name.node.to_string();
        let at = format!("{owner}.{name}");
        let needed =
            field.arguments.iter().any(|one| !one.node.ty.node.nullable && one.node.default_value.is_none());
        let arguments = match self.arguments.get(at.as_str()) {
            Some(arguments) => arguments.iter().map(|arguments| format!("({arguments})")).collect(),
            None if needed => panic!("{at} needs arguments: say which in tests/program/cli/secrets/mod.rs"),
            None => vec![String::new()],
        };
        let below = self.below(named(&field.ty.node.base), path);
        let mut ways = Vec::new();
        for arguments in &arguments {
            ways.extend(below.iter().map(|below| format!("{name}{arguments}{below}")));
        }
        ways
    }

    /// What to select of a type; more than one way of an interface, and none of what is being selected already.
    fn below(&self, name: &str, path: &mut Vec<String>) -> Vec<String> {
        match self.types.get(name) {
            Some(TypeKind::Object(_)) if path.iter().any(|outer| outer == name) => Vec::new(),
            Some(TypeKind::Object(_)) => {
                path.push(name.to_owned());
                let fields = self.fields(name).into_iter().flat_map(|field| self.ways(name, field, path));
                let fields: Vec<String> = fields.collect();
                path.pop();
                vec![format!(" {{ {} }}", fields.join(" "))]
            }
            Some(TypeKind::Interface(_)) => {
                let kinds = self.types.iter().filter(|(_, kind)| match kind {
                    TypeKind::Object(object) => object.implements.iter().any(|one| one.node == name),
                    _ => false,
                });
                let kinds: Vec<String> = kinds.map(|(kind, _)| kind.clone()).collect();
                let ways = kinds.iter().flat_map(|kind| {
                    self.below(kind, path)
                        .into_iter()
                        .map(move |below| format!(" {{ ... on {kind}{below} }}"))
                });
                ways.collect()
            }
            // A scalar or an enum has nothing below it.
            _ => vec![String::new()],
        }
    }
}

fn named(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(&inner.base),
    }
}
