//! Behaviour, through HTTP, on SQLite and on PostgreSQL: every test has a server and a database of its own.

mod support;

mod account_pages;
mod addresses;
mod admin_tokens;
mod bad_input;
mod connection;
mod connection_walks;
mod cors;
mod coverage;
mod create_customer;
mod customer_sessions;
mod database_away;
mod delete_customer;
mod filters;
mod graphql;
mod graphql_batches;
mod graphql_caching;
mod graphql_limits;
mod groups;
mod http;
mod introspection;
mod login_backoff;
mod mail;
mod metafields;
mod node;
mod password;
mod patch_model;
mod persisted_queries;
mod playground;
mod profile;
mod races;
mod session_model;
mod statements;
mod update_customer;
mod verification;
