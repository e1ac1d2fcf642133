//! The types of the schema and their resolvers. A resolver makes one service call; the service checks what the caller
//! may read. Documentation comments of the types become the descriptions in the schema.

mod address;
mod connection;
mod country;
mod criterion;
mod customer;
pub(super) mod date_time;
pub(super) mod definitions;
mod filter;
mod group;
mod journal;
mod list_connection;
mod loader;
pub(super) mod metafield;
mod node;
mod query;
mod session;
mod webhook;
mod webhook_deliveries;

use async_graphql::{EmptyMutation, EmptySubscription, SchemaBuilder};

pub(super) type Schema = async_graphql::Schema<query::QueryRoot, EmptyMutation, EmptySubscription>;
pub(super) type Builder = SchemaBuilder<query::QueryRoot, EmptyMutation, EmptySubscription>;

/// Builds the schema, without limits.
pub(super) fn builder() -> Builder {
    Schema::build(query::QueryRoot, EmptyMutation, EmptySubscription)
}

/// The schema in the schema definition language: the content of `schema.graphql`.
pub fn sdl() -> String {
    builder().finish().sdl()
}
