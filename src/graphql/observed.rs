//! Operations as the metrics count them: by their root field, whatever clients call them. Their names and aliases are
//! the clients' own, and there is no end of those.

use std::collections::HashSet;
use std::sync::LazyLock;

use async_graphql::Value;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Selection, TypeKind, TypeSystemDefinition,
};

use super::answer::Outcome;
use crate::metrics::{self, GraphqlMetrics, interned};

/// More than one root field.
const SEVERAL: &str = "several";
/// The schema about itself.
const INTROSPECTION: &str = "introspection";
/// No root field of the schema, a fragment at the root, or nothing that could be read.
pub(super) const OTHER: &str = "other";

/// Those of `schema.graphql`.
static ROOT_FIELDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let document = parse_schema(super::sdl()).expect("the library reads what it wrote");
    let definitions = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    });
    let mut query = definitions.filter(|definition| definition.name.node == "Query");
    match query.next().map(|query| query.kind) {
        Some(TypeKind::Object(query)) => {
            query.fields.iter().map(|field| interned(&field.node.name.node)).collect()
        }
        _ => HashSet::new(),
    }
});

/// Has them all stand there before the first is asked for.
pub(super) fn expect(metrics: &GraphqlMetrics) {
    for field in ROOT_FIELDS.iter().copied().chain([SEVERAL, INTROSPECTION, OTHER]) {
        metrics.expect(field);
    }
}

/// The root field of the operation that is to be run.
pub(super) fn root_field(document: &ExecutableDocument, operation_name: Option<&str>) -> &'static str {
    let operation = match (&document.operations, operation_name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
        // Named, but alone.
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
        (DocumentOperations::Multiple(_), None) => None,
    };
    let selections = operation.map_or(&[][..], |operation| &operation.node.selection_set.node.items);
    match selections {
        [one] => match &one.node {
            Selection::Field(field) => match field.node.name.node.as_str() {
                "__schema" | "__type" | "__typename" => INTROSPECTION,
                name => ROOT_FIELDS.get(name).copied().unwrap_or(OTHER),
            },
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => OTHER,
        },
        [] => OTHER,
        _ => SEVERAL,
    }
}

/// What became of an operation: whose fault it is when there are errors.
pub(super) fn outcome(outcome: &Outcome) -> metrics::Outcome {
    let errors = match outcome {
        Outcome::Ran(response) => &response.errors,
        Outcome::Refused { errors } => errors,
    };
    let ours = errors.iter().any(|error| {
        let code = error.extensions.as_ref().and_then(|values| values.get("code"));
        matches!(code, Some(Value::String(code)) if code == "INTERNAL" || code == "UNAVAILABLE")
    });
    match (errors.is_empty(), ours) {
        (true, _) => metrics::Outcome::Ok,
        (false, false) => metrics::Outcome::Refused,
        (false, true) => metrics::Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::root_field;
    use async_graphql::parser::parse_query;

    #[test]
    fn labels_are_bounded() {
        for (query, name, label) in [
            ("{ customer(id: \"x\") { uuid } }", None, "customer"),
            ("query Mine { mine: currentCustomer { uuid } }", Some("Mine"), "currentCustomer"),
            ("query Mine { currentCustomer { uuid } }", None, "currentCustomer"),
            ("query A { node(id: \"x\") { id } } query B { countries { code } }", Some("B"), "countries"),
            ("query A { node(id: \"x\") { id } } query B { countries { code } }", None, "other"),
            ("query A { node(id: \"x\") { id } } query B { countries { code } }", Some("C"), "other"),
            ("{ a: countries { code } b: countries { code } }", None, "several"),
            ("{ __schema { types { name } } }", None, "introspection"),
            ("{ nonsense }", None, "other"),
            ("{ ...F } fragment F on Query { countries { code } }", None, "other"),
            ("mutation { customer }", None, "customer"),
        ] {
            assert_eq!(root_field(&parse_query(query).unwrap(), name), label, "{query} {name:?}");
        }
    }
}
