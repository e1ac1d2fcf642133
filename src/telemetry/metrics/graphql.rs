//! Operations of GraphQL: rate, errors and duration by root field. HTTP answers them with 200 whatever became of
//! them, so the metrics of routes tell little.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::durations;

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationOutcome {
    /// It was answered without an error.
    Ok,
    /// The caller asked for what it can't have: errors, but none of ours.
    Refused,
    /// A defect, or something that passes: an error of ours.
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
struct Field {
    field: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    field: &'static str,
    outcome: &'static str,
}

/// Operations that were answered.
#[derive(Debug)]
pub struct GraphqlMetrics {
    operations: Family<Operation, Counter>,
    durations: Family<Field, Histogram, fn() -> Histogram>,
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
            "Operations by root field (`several`, or `other` for none of the schema's), and what became of them",
            self.operations.clone(),
        );
        registry.register(
            "patron_graphql_operation_duration_seconds",
            "How long operations ran",
            self.durations.clone(),
        );
    }

    /// Has a root field stand there with zeros before the first operation asks for it: a rate needs a beginning.
    pub fn expect(&self, field: &'static str) {
        for outcome in OperationOutcome::ALL {
            drop(self.operations.get_or_create(&Operation { field, outcome: outcome.label() }));
        }
        drop(self.durations.get_or_create(&Field { field }));
    }

    /// Counts an operation that ran, or one that was refused before it did: that took no time worth telling.
    pub fn count(&self, field: &'static str, outcome: OperationOutcome, took: Option<Duration>) {
        self.operations.get_or_create(&Operation { field, outcome: outcome.label() }).inc();
        if let Some(took) = took {
            self.durations.get_or_create(&Field { field }).observe(took.as_secs_f64());
        }
    }
}
