//! Metrics of operations, counted by root field. Operation names and aliases are not used as labels: clients choose
//! them, so their number is unlimited.

use std::collections::HashSet;
use std::sync::LazyLock;

use async_graphql::ServerError;
use async_graphql::parser::types::{Selection, SelectionSet};

use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;
use crate::api::graphql::schema::definitions::DEFINITIONS;
use crate::http::FailureCode;
use crate::telemetry::metrics::{self, GraphqlMetrics, intern};

/// The codes of errors that are not the client's fault.
const SERVER_ERRORS: [ErrorCode; 2] =
    [ErrorCode::Failure(FailureCode::Internal), ErrorCode::Failure(FailureCode::Unavailable)];
/// The label of an operation with more than one root field.
const SEVERAL: &str = "several";
/// The label of an introspection query.
const INTROSPECTION: &str = "introspection";
/// The label of an operation whose root field is unknown or in a fragment, and of a request that can't be parsed.
pub(super) const OTHER: &str = "other";

/// The root fields of `schema.graphql`.
static ROOT_FIELDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let query = DEFINITIONS.get_object("Query").into_iter().flat_map(|query| query.fields.keys());
    query.map(|field| intern(field)).collect()
});

/// Registers every label, so that each has a series before its first operation.
pub(super) fn register(metrics: &GraphqlMetrics) {
    for field in ROOT_FIELDS.iter().copied().chain([SEVERAL, INTROSPECTION, OTHER]) {
        metrics.create_series(field);
    }
}

/// The label of an operation: its root field.
pub(super) fn root_field(root: &SelectionSet) -> &'static str {
    match root.items.as_slice() {
        [selection] => match &selection.node {
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

/// The outcome of an operation: refused when the client caused its errors, failed when the server did.
pub(super) fn outcome(errors: &[ServerError]) -> metrics::OperationOutcome {
    let is_server_error =
        errors.iter().any(|error| SERVER_ERRORS.iter().any(|code| error::has_code(error, *code)));
    match (errors.is_empty(), is_server_error) {
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
    fn the_number_of_labels_is_limited() {
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
