//! Operations as the metrics count them: by their root field, whatever clients call them. Their names and aliases are
//! the clients' own, and there is no end of those.

use std::collections::HashSet;
use std::sync::LazyLock;

use async_graphql::ServerError;
use async_graphql::parser::types::{Selection, SelectionSet};

use crate::api::graphql::error;
use crate::api::graphql::schema::definitions::DEFINITIONS;
use crate::telemetry::metrics::{self, GraphqlMetrics, interned};

/// More than one root field.
const SEVERAL: &str = "several";
/// The schema about itself.
const INTROSPECTION: &str = "introspection";
/// No root field of the schema, a fragment at the root, or nothing that could be read.
pub(super) const OTHER: &str = "other";

/// Those of `schema.graphql`.
static ROOT_FIELDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let query = DEFINITIONS.get_object("Query").into_iter().flat_map(|query| query.fields.keys());
    query.map(|field| interned(field)).collect()
});

/// Has them all stand there before the first is asked for.
pub(super) fn expect(metrics: &GraphqlMetrics) {
    for field in ROOT_FIELDS.iter().copied().chain([SEVERAL, INTROSPECTION, OTHER]) {
        metrics.expect(field);
    }
}

/// The root field of an operation.
pub(super) fn root_field(root: &SelectionSet) -> &'static str {
    match root.items.as_slice() {
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
pub(super) fn outcome(errors: &[ServerError]) -> metrics::OperationOutcome {
    let ours = errors.iter().any(|error| matches!(error::code(error), Some("INTERNAL" | "UNAVAILABLE")));
    match (errors.is_empty(), ours) {
        (true, _) => metrics::OperationOutcome::Ok,
        (false, false) => metrics::OperationOutcome::Refused,
        (false, true) => metrics::OperationOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::root_field;
    use async_graphql::parser::parse_query;

    #[test]
    fn labels_are_bounded() {
        for (query, label) in [
            ("{ customer(id: \"x\") { uuid } }", "customer"),
            ("query Mine { mine: currentCustomer { uuid } }", "currentCustomer"),
            ("{ a: countries { code } b: countries { code } }", "several"),
            ("{ __schema { types { name } } }", "introspection"),
            ("{ nonsense }", "other"),
            ("{ ...F } fragment F on Query { countries { code } }", "other"),
            ("mutation { customer }", "customer"),
        ] {
            let document = parse_query(query).unwrap();
            let (_, operation) = document.operations.iter().next().unwrap();
            assert_eq!(root_field(&operation.node.selection_set.node), label, "{query}");
        }
    }
}
