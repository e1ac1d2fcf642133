//! The two APIs: REST changes data, GraphQL reads it. Neither module imports the other.

pub mod graphql;
pub mod rest;
