//! The two surfaces: REST changes customers, GraphQL reads them. Neither imports the other.

pub mod graphql;
pub mod rest;
