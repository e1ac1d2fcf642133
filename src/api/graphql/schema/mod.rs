//! The types of the schema and their resolvers. A resolver makes one service call; the service checks what the caller
//! may read. Documentation comments of the types become the descriptions in the schema.

mod address;
mod admin;
mod admin_queries;
mod connection;
mod country;
mod country_queries;
mod criterion;
mod customer;
mod customer_mails;
mod customer_queries;
pub(super) mod date_time;
pub(super) mod definitions;
mod filter;
mod group;
mod journal;
mod journal_queries;
mod list_connection;
mod loader;
mod mail;
mod mail_queries;
pub(super) mod metafield;
mod node;
mod overview;
mod query;
mod saved_view;
mod session;
mod webhook;
mod webhook_deliveries;

use async_graphql::{EmptyMutation, EmptySubscription, SchemaBuilder};

pub(super) type Schema = async_graphql::Schema<query::QueryRoot, EmptyMutation, EmptySubscription>;
pub(super) type Builder = SchemaBuilder<query::QueryRoot, EmptyMutation, EmptySubscription>;

/// Complexity of a root field, which is at least one round trip to the database.
const ROOT: usize = 10;

/// Builds the schema, without limits.
pub(super) fn builder() -> Builder {
    Schema::build(query::QueryRoot::default(), EmptyMutation, EmptySubscription)
}

/// The schema in the schema definition language: the content of `schema.graphql`.
pub fn sdl() -> String {
    builder().finish().sdl()
}
