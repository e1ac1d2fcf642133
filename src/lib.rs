//! patron, a gateway for customer accounts: REST changes them, GraphQL reads them.
//!
//! Layers, and who may import whom (`tests/layering.rs` enforces it). Each line imports only lines above it:
//!
//! 1. `types`, `system`, `config`, `error`, `keys`, `hasher`, `mailer`, `poster`, `db`, [`entity`] (the tables), `lookup`, `app`,
//!    `sealing`, `idempotency`, `ctx`, `metrics`, `telemetry`: what everything stands on
//! 2. [`service`]: every rule, once
//! 3. [`http`]: what both surfaces need of HTTP: who calls, how failures look
//! 4. [`rest`], [`graphql`]: the surfaces; [`worker`]: what happens by itself; [`transfer`]: files of customers; none
//!    imports another
//! 5. [`server`]: puts them together, listens, stops
//! 6. [`cli`]: the commands
#![warn(clippy::unwrap_used)]

pub mod app;
pub mod cli;
pub mod config;
pub mod ctx;
pub mod db;
pub mod entity;
pub mod error;
pub mod graphql;
pub mod hasher;
pub mod http;
pub mod idempotency;
pub mod keys;
pub mod lookup;
pub mod mailer;
pub mod metrics;
pub mod poster;
pub mod rest;
pub mod sealing;
pub mod server;
pub mod service;
pub mod system;
pub mod telemetry;
pub mod transfer;
pub mod types;
pub mod worker;
