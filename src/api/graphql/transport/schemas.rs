//! The schemas that execute documents.

use async_graphql::ValidationMode;

use super::document;
use crate::api::graphql::budget_extension::BudgetExtension;
use crate::api::graphql::schema::{self, Builder, Schema};
use crate::config::GraphqlConfig;

/// The same schema with different extensions.
#[derive(Clone)]
pub(super) struct Schemas {
    pub(super) plain: Schema,
    /// For batches and introspection: see [`BudgetExtension`].
    pub(super) bounded: Schema,
}

impl Schemas {
    pub(super) fn new(config: &GraphqlConfig) -> Self {
        // A schema takes memory, so the second one is built only when it is needed.
        let plain = builder_with_limits(config).finish();
        let bounded = match (config.batch, config.introspection) {
            (0, false) => plain.clone(),
            _ => builder_with_limits(config).extension(BudgetExtension).finish(),
        };
        Self { plain, bounded }
    }
}

fn builder_with_limits(config: &GraphqlConfig) -> Builder {
    schema::builder()
        // A document has been validated already, once.
        .validation_mode(ValidationMode::Fast)
        .limit_depth(config.max_depth)
        .limit_recursive_depth(document::MAX_NESTING)
        .limit_complexity(config.max_complexity)
}
