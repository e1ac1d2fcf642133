//! The business rules of patron, each in one function.
//!
//! A service function has the form `verb(ctx, input) -> Result<T>` and reads top to bottom: authorize, parse, begin,
//! write, commit. REST, GraphQL, the command line and background jobs call the same functions. Services do not know
//! which of these the caller is. A failed transaction is rolled back, so a change is saved completely or not at all;
//! where a function uses several transactions, its documentation says so.

pub mod account;
mod account_table;
pub mod address;
pub mod admin;
pub mod adoption;
pub mod auth;
pub mod backlog;
pub mod backup;
pub mod bulk;
mod confirmation;
pub mod content_version;
pub mod country;
pub mod customer;
pub mod demo;
pub mod derived;
pub mod export;
pub mod front_door;
mod greeting;
pub mod group;
pub mod health;
pub mod housekeeping;
pub mod import;
pub mod input;
pub mod journal;
pub(crate) mod login;
mod login_attempts;
pub mod mail;
mod mail_recipient;
mod mailed_token;
pub mod metafield;
pub mod overview;
pub mod password;
pub mod query;
mod queue;
pub mod replicas;
pub mod saved_view;
pub mod second_factor;
mod secret;
pub mod session;
pub mod sharing;
pub mod shop_changes;
mod shop_copies;
mod shop_session;
pub mod token;
pub mod verification;
pub mod webhook;
