//! Every rule of patron, once.
//!
//! A function is `verb(ctx, input) -> Result<T>` and reads top to bottom: authorize, parse, begin, write,
//! commit. REST, GraphQL and the command line all call these; nothing here knows which one did.

pub mod account;
pub mod address;
pub mod admin;
pub mod auth;
pub mod backlog;
pub mod country;
pub mod customer;
pub mod demo;
pub mod derived;
pub mod export;
mod greeting;
pub mod group;
pub mod health;
pub mod housekeeping;
pub mod import;
pub mod input;
pub mod journal;
mod login;
pub mod mail;
pub mod metafield;
pub mod password;
pub mod query;
mod secret;
pub mod session;
mod throttle;
pub mod token;
pub mod verification;
pub mod webhook;
