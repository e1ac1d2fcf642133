//! Helpers of the tests: they start the program, databases, other programs and an HTTP client.

mod client;
mod database;
mod folder;
mod npm;
mod postgres;
mod process;
mod server;

pub(crate) use client::{ADMIN, admin_token, client, client_builder};
pub(crate) use database::{execute, rows};
pub(crate) use folder::Folder;
pub(crate) use npm::packages;
pub(crate) use postgres::Postgres;
pub(crate) use process::{ProcessGroup, output, tool};
pub(crate) use server::{Server, code_and_error, field, free_address, path, patron, run};
