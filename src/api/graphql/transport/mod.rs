//! From a request to an answer: reading it, parsing and validating its document, executing it within limits, writing the
//! answer.

mod answer;
mod cache;
pub(super) mod document;
mod endpoint;
mod metrics;
mod parse;
mod persisted;
mod public;
mod request;

use std::sync::Arc;

use async_graphql::ValidationMode;
use axum::Router;

use super::budget;
use super::schema::{self, Builder, Schema};
use crate::app::App;
use crate::config::GraphqlConfig;

/// The same schema, for different requests.
#[derive(Clone)]
struct Schemas {
    plain: Schema,
    /// For batches and for questions about the schema: see [`budget::Bounded`].
    bounded: Schema,
}

/// Both endpoints, ready to be served.
pub fn routes(app: &Arc<App>) -> Router {
    let config = &app.config.graphql;
    // Each takes its memory: there is another one only where it is used.
    let plain = limited(config).finish();
    let bounded = match (config.batch, config.introspection) {
        (0, false) => plain.clone(),
        _ => limited(config).extension(budget::Bounded).finish(),
    };
    endpoint::routes(app, Schemas { plain, bounded })
}

fn limited(config: &GraphqlConfig) -> Builder {
    schema::builder()
        // A document is validated before, once.
        .validation_mode(ValidationMode::Fast)
        .limit_depth(config.max_depth)
        .limit_recursive_depth(document::MAX_NESTING)
        .limit_complexity(config.max_complexity)
}
