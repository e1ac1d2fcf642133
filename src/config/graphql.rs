//! Limits of GraphQL queries.

use super::Values;

/// Limits of GraphQL queries.
#[derive(Clone, Debug)]
pub struct GraphqlConfig {
    /// `PATRON_GRAPHQL_MAX_DEPTH`: the maximum depth of nested fields.
    pub max_depth: usize,
    /// `PATRON_GRAPHQL_MAX_COMPLEXITY`: the maximum number of fields in a response, counted for each row of a page.
    pub max_complexity: usize,
    /// `PATRON_GRAPHQL_MAX_ALIASES`: the maximum number of aliases.
    pub max_aliases: usize,
    /// `PATRON_GRAPHQL_MAX_ANSWER_BYTES`: the maximum size of a response; of a batch, of all responses together.
    pub max_response_bytes: usize,
    /// `PATRON_GRAPHQL_ANSWERS_BYTES`: the maximum size of all responses that are being built at once.
    pub total_response_bytes: usize,
    /// `PATRON_GRAPHQL_BATCH`: the maximum number of operations in one request; 0 disables batches.
    pub batch: usize,
    /// `PATRON_INTROSPECTION`: whether introspection is allowed.
    pub introspection: bool,
}

impl GraphqlConfig {
    pub(super) fn from_values(v: &mut Values, local: bool) -> Self {
        Self {
            max_depth: v.at_least("PATRON_GRAPHQL_MAX_DEPTH", 1) as usize,
            max_complexity: v.at_least("PATRON_GRAPHQL_MAX_COMPLEXITY", 1) as usize,
            max_aliases: v.at_least("PATRON_GRAPHQL_MAX_ALIASES", 1) as usize,
            // A smaller response could not hold an error.
            max_response_bytes: v.at_least("PATRON_GRAPHQL_MAX_ANSWER_BYTES", 1024) as usize,
            total_response_bytes: v.at_least("PATRON_GRAPHQL_ANSWERS_BYTES", 1024) as usize,
            batch: v.between("PATRON_GRAPHQL_BATCH", 0, 50) as usize,
            introspection: v.switch_or_local("PATRON_INTROSPECTION", local),
        }
    }

    /// The maximum number of selections, arguments, values and directives of a query, with its fragments and variables
    /// expanded. It bounds the work of validation, and exceeds what the allowed number of fields can need.
    pub fn max_parts(&self) -> usize {
        self.max_complexity.saturating_mul(5)
    }
}
