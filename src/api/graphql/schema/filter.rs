//! The input and output types for filters of lists.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use crate::api::graphql::sized_output::Text;
use crate::service::query::page;

/// The comparison of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "lowercase", remote = "page::Operation")]
pub(super) enum FilterOperation {
    /// Equal.
    Eq,
    /// Not equal.
    Neq,
    /// Greater or later.
    Gt,
    /// Greater or equal.
    Gteq,
    /// Less or earlier.
    Lt,
    /// Less or equal.
    Lteq,
    /// Contains the text.
    Like,
    /// Does not contain the text.
    Nlike,
    /// Equal to one of several values, separated by commas.
    In,
    /// Equal to none of several values, separated by commas.
    Nin,
}

/// A filter of a list. Filters are joined by AND. An unknown key, operation or value is an error.
#[derive(Clone, Debug, InputObject)]
pub(super) struct FilterInput {
    /// The field to compare. `ob` (sort field), `od` (asc, desc), `page` (from 1) and `limit` (at most 100) set the
    /// order and the page instead.
    key: String,
    /// The comparison.
    operation: FilterOperation,
    /// The value to compare with.
    value: Option<ID>,
}

/// A filter that applies.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Filter")]
pub(super) struct CurrentFilter {
    /// The field to compare.
    key: Text<String>,
    /// The comparison.
    operation: FilterOperation,
    /// The value to compare with.
    value: Text<String>,
}

/// Converts the filters of a list for the service. A null in the list is ignored.
pub(super) fn filters(inputs: Option<Vec<Option<FilterInput>>>) -> Vec<page::Filter> {
    let filter = |input: FilterInput| page::Filter {
        key: input.key,
        operation: input.operation.into(),
        value: input.value.map(|value| value.0).unwrap_or_default(),
    };
    inputs.into_iter().flatten().flatten().map(filter).collect()
}

/// The filters of a query that apply.
pub(super) fn current_filters(query: &page::ListQuery) -> Vec<CurrentFilter> {
    let filter = |filter: &page::Filter| CurrentFilter {
        key: Text(filter.key.clone()),
        operation: filter.operation.into(),
        value: Text(filter.value.clone()),
    };
    query.filters.iter().map(filter).collect()
}

/// Maximum number of rows of a list, for its complexity.
pub(super) fn max_listed_rows(inputs: Option<&Vec<Option<FilterInput>>>) -> usize {
    let inputs = inputs.into_iter().flatten().flatten();
    let limit =
        inputs.filter(|input| input.key == "limit").filter_map(|input| input.value.as_ref()).next_back();
    // An invalid limit costs nothing, because the list is not read.
    limit.map_or(page::DEFAULT_LIMIT as usize, |limit| {
        limit.parse().unwrap_or(0).min(page::MAX_LIMIT as usize)
    })
}
