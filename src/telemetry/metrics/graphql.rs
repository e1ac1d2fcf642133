//! Metrics of GraphQL operations: rate, errors and duration by root field. GraphQL responses with errors have the status
//! 200 as well, so the HTTP metrics don't show failures.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::instruments::durations;

/// The outcome of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationOutcome {
    /// The response has no errors.
    Ok,
    /// All errors are caused by the request, for example a missing permission.
    Refused,
    /// An error is caused by the server: a defect, or a temporary failure.
    Failed,
}

impl OperationOutcome {
    const ALL: [Self; 3] = [Self::Ok, Self::Refused, Self::Failed];

    fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FieldLabels {
    field: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    field: &'static str,
    outcome: &'static str,
}

/// The metrics of operations.
#[derive(Debug)]
pub struct GraphqlMetrics {
    operations: Family<OperationLabels, Counter>,
    durations: Family<FieldLabels, Histogram, fn() -> Histogram>,
}

impl Default for GraphqlMetrics {
    fn default() -> Self {
        Self { operations: Family::default(), durations: Family::new_with_constructor(durations) }
    }
}

impl GraphqlMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patron_graphql_operations",
            "Operations by outcome and root field (`several`, or `other` for a field that is not in the schema)",
            self.operations.clone(),
        );
        registry.register(
            "patron_graphql_operation_duration_seconds",
            "How long operations ran",
            self.durations.clone(),
        );
    }

    /// Creates the series of a root field with the value 0 before the first operation, because a rate needs a first value.
    pub fn create_series(&self, field: &'static str) {
        for outcome in OperationOutcome::ALL {
            drop(self.operations.get_or_create(&OperationLabels { field, outcome: outcome.label() }));
        }
        drop(self.durations.get_or_create(&FieldLabels { field }));
    }

    /// Counts an operation. An operation that was refused before it ran has no duration.
    pub fn count(&self, field: &'static str, outcome: OperationOutcome, elapsed: Option<Duration>) {
        self.operations.get_or_create(&OperationLabels { field, outcome: outcome.label() }).inc();
        if let Some(elapsed) = elapsed {
            self.durations.get_or_create(&FieldLabels { field }).observe(elapsed.as_secs_f64());
        }
    }
}
