//! The GraphQL API, which serves every read. There is no mutation type: changes are made over REST.
//!
//! `schema` has the types and their resolvers. A resolver makes one service call. Types wrap rows and list their
//! fields explicitly, so a column is never exposed by accident. `transport` turns a request into a response: it
//! parses, validates and executes the document within the limits of the settings.

mod budget;
mod budget_extension;
mod caller;
mod error;
mod error_code;
mod in_place;
mod schema;
mod sized_output;
mod transport;

pub use error_code::error_codes;
pub use schema::sdl;
pub use transport::routes;
