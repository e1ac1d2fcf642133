//! The GraphQL API: every read.
//!
//! A resolver is one service call. Types are wrappers around rows with explicit fields: what isn't listed
//! can't be asked for. There is no mutation type; REST changes things.

mod address;
mod answer;
mod budget;
mod cache;
mod connection;
mod counted;
mod country;
mod criterion;
mod customer;
mod date_time;
mod definitions;
mod document;
mod endpoint;
mod error;
mod filter;
mod group;
mod journal;
mod loader;
mod metafield;
mod node;
mod observed;
mod page;
mod persisted;
mod prepared;
mod public;
mod query;
mod request;
mod session;
mod webhook;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, SchemaBuilder, ValidationMode};
use axum::Router;

use crate::app::App;
use crate::config::GraphqlConfig;

type Schema = async_graphql::Schema<query::Query, EmptyMutation, EmptySubscription>;

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
    let plain = schema(config).finish();
    let bounded = match (config.batch, config.introspection) {
        (0, false) => plain.clone(),
        _ => schema(config).extension(budget::Bounded).finish(),
    };
    endpoint::routes(app, Schemas { plain, bounded })
}

/// The schema in the schema definition language, as it stands in `schema.graphql`.
pub fn sdl() -> String {
    let schema = async_graphql::Schema::build(query::Query, EmptyMutation, EmptySubscription).finish();
    schema.sdl()
}

fn schema(config: &GraphqlConfig) -> SchemaBuilder<query::Query, EmptyMutation, EmptySubscription> {
    async_graphql::Schema::build(query::Query, EmptyMutation, EmptySubscription)
        // A document is validated before, once.
        .validation_mode(ValidationMode::Fast)
        .limit_depth(config.max_depth)
        .limit_recursive_depth(document::MAX_NESTING)
        .limit_complexity(config.max_complexity)
}
