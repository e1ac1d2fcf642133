//! Tests against the real EverShop ("the shop"), beside patron on one PostgreSQL database.
//!
//! `tests/install evershop` installs it from npm into `target/evershop`. Its own migrations create a template database once per
//! run, and each test has a copy. The shop runs without a build: its API is complete, and its pages are not.
//! `tests/run --without evershop` leaves these tests out.

mod adopt;
mod api;
mod crash;
mod dirt;
mod finish;
mod front_door;
mod guards;
mod journal;
mod load;
mod locks;
mod minimal_schema;
mod refused;
mod resolve;
mod schema;
mod sessions;
mod shop;
mod tokens;
mod undo;
