//! GraphQL over HTTP. It reads a request, parses and validates its document, executes it within limits, and writes the
//! response. Parsed documents and public responses are cached.

mod cache;
pub(super) mod document;
mod endpoint;
mod metrics;
mod parse;
mod persisted;
mod public;
mod request;
mod response;

use std::sync::Arc;

use async_graphql::ValidationMode;
use axum::Router;

use super::budget_extension::BudgetExtension;
use super::schema::{self, Builder, Schema};
use crate::app::App;
use crate::config::GraphqlConfig;

/// The same schema with different extensions.
#[derive(Clone)]
struct Schemas {
    plain: Schema,
    /// For batches and introspection: see [`BudgetExtension`].
    bounded: Schema,
}

/// The routes of both endpoints.
pub fn routes(app: &Arc<App>) -> Router {
    let config = &app.config.graphql;
    // A schema takes memory, so the second one is built only when it is needed.
    let plain = builder_with_limits(config).finish();
    let bounded = match (config.batch, config.introspection) {
        (0, false) => plain.clone(),
        _ => builder_with_limits(config).extension(BudgetExtension).finish(),
    };
    endpoint::routes(app, Schemas { plain, bounded })
}

fn builder_with_limits(config: &GraphqlConfig) -> Builder {
    schema::builder()
        // A document has been validated already, once.
        .validation_mode(ValidationMode::Fast)
        .limit_depth(config.max_depth)
        .limit_recursive_depth(document::MAX_NESTING)
        .limit_complexity(config.max_complexity)
}
