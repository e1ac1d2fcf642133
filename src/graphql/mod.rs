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
mod endpoint;
mod error;
mod filter;
mod group;
mod introspection;
mod journal;
mod limits;
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
mod tokens;
mod webhook;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, SchemaBuilder};
use axum::Router;

use crate::app::App;
use crate::config::GraphqlConfig;

type Schema = async_graphql::Schema<query::Query, EmptyMutation, EmptySubscription>;

/// Both endpoints, ready to be served.
pub fn routes(app: &Arc<App>) -> Router {
    let config = &app.config.graphql;
    let single = schema(config).finish();
    // Each takes its memory: there is another one only where it is used.
    let bounded = match (config.batch, config.introspection) {
        (0, false) => single.clone(),
        _ => schema(config).extension(budget::Bounded).finish(),
    };
    endpoint::routes(app, single, bounded)
}

/// The schema in the schema definition language, as it stands in `schema.graphql`.
pub fn sdl() -> String {
    let schema = async_graphql::Schema::build(query::Query, EmptyMutation, EmptySubscription).finish();
    schema.sdl()
}

fn schema(config: &GraphqlConfig) -> SchemaBuilder<query::Query, EmptyMutation, EmptySubscription> {
    let schema = async_graphql::Schema::build(query::Query, EmptyMutation, EmptySubscription)
        .limit_depth(config.max_depth)
        .limit_recursive_depth(limits::MAX_NESTING)
        .limit_complexity(config.max_complexity);
    // "Did you mean" would tell the schema name by name.
    if config.introspection { schema } else { schema.disable_suggestions() }
}
