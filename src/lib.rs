//! patron is a gateway for customer accounts. Clients change accounts with a REST API and read them with GraphQL.
#![warn(clippy::unwrap_used)]

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod entity;
pub mod error;
// Public because its items are; only the surfaces use it.
#[doc(hidden)]
pub mod http;
mod outbound;
pub mod random;
pub mod router;
mod server;
pub mod service;
pub mod telemetry;
mod tls;
pub mod transfer;
pub mod types;
mod web;
pub mod worker;
