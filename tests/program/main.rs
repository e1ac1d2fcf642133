//! Tests that run the program as operators do: as a separate process, driven over HTTP and by its commands.

mod support;

mod attack;
mod backup;
mod backup_attacks;
mod browser;
mod bulk_kills;
mod cli;
mod clients;
mod crash;
mod drain;
mod evershop;
mod graphql_http;
mod life;
mod readme;
mod reference;
mod rolling;
mod schemathesis;
mod upgrade;
