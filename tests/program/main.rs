//! The program from outside: started as operators start it, driven over HTTP, and stopped by its id.

mod support;

mod attack;
mod browser;
mod cli;
mod clients;
mod crash;
mod graphql_http;
mod life;
mod readme;
mod reference;
mod schemathesis;
