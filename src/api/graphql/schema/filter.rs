//! Filters of lists, in and out.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use crate::api::graphql::counted::Text;
use crate::service::query::page;

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "lowercase")]
pub(super) enum FilterOperation {
    /// Is equal.
    Eq,
    /// Is not equal.
    Neq,
    /// Is greater, or later.
    Gt,
    /// Is greater or equal.
    Gteq,
    /// Is less, or earlier.
    Lt,
    /// Is less or equal.
    Lteq,
    /// Holds the text.
    Like,
    /// Does not hold the text.
    Nlike,
    /// Is one of several, separated by commas.
    In,
    /// Is none of several, separated by commas.
    Nin,
}

/// One filter of a list. Filters are joined by AND; a key, operation or value that isn't known is an error.
#[derive(Clone, Debug, InputObject)]
pub(super) struct FilterInput {
    /// What is compared; `ob` (sort key), `od` (asc, desc), `page` (from 1) and `limit` (at most 100) shape the list.
    key: String,
    /// How it is compared.
    operation: FilterOperation,
    /// What it is compared with.
    value: Option<ID>,
}

/// A filter that is in force.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Filter {
    /// What is compared.
    key: Text<String>,
    /// How it is compared.
    operation: FilterOperation,
    /// What it is compared with.
    value: Text<String>,
}

/// The filters of a list, as the service takes them; a `null` in the list is no filter.
pub(super) fn filters(inputs: Option<Vec<Option<FilterInput>>>) -> Vec<page::Filter> {
    let filter = |input: FilterInput| page::Filter {
        key: input.key,
        operation: input.operation.into(),
        value: input.value.map(|value| value.0).unwrap_or_default(),
    };
    inputs.into_iter().flatten().flatten().map(filter).collect()
}

/// The filters that are in force.
pub(super) fn current(query: &page::ListQuery) -> Vec<Filter> {
    let filter = |filter: &page::Filter| Filter {
        key: Text(filter.key.clone()),
        operation: filter.operation.into(),
        value: Text(filter.value.clone()),
    };
    query.filters.iter().map(filter).collect()
}

/// Rows that a list may answer with; for its complexity.
pub(super) fn most_rows(inputs: Option<&Vec<Option<FilterInput>>>) -> usize {
    let inputs = inputs.into_iter().flatten().flatten();
    let limit =
        inputs.filter(|input| input.key == "limit").filter_map(|input| input.value.as_ref()).next_back();
    // A limit that is refused costs nothing: the list is not read.
    limit.map_or(page::DEFAULT_LIMIT as usize, |limit| {
        limit.parse().unwrap_or(0).min(page::MAX_LIMIT as usize)
    })
}

/// The two enums are one: a new operation fails to compile until it is in both.
macro_rules! same_operations {
    ($($name:ident)*) => {
        impl From<FilterOperation> for page::Operation {
            fn from(operation: FilterOperation) -> Self {
                match operation { $(FilterOperation::$name => Self::$name),* }
            }
        }
        impl From<page::Operation> for FilterOperation {
            fn from(operation: page::Operation) -> Self {
                match operation { $(page::Operation::$name => Self::$name),* }
            }
        }
    };
}
same_operations!(Eq Neq Gt Gteq Lt Lteq Like Nlike In Nin);
