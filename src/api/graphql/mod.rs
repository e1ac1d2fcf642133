//! The GraphQL API: every read.
//!
//! [`schema`]: the types and their resolvers; a resolver is one service call. Types are wrappers around rows with explicit
//! fields: what isn't listed can't be asked for. There is no mutation type; REST changes things. [`transport`]: from a
//! request to an answer.

mod budget;
mod counted;
mod error;
mod schema;
mod transport;

pub use schema::sdl;
pub use transport::routes;
