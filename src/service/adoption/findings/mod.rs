//! What a check looks for, one kind of finding a file.

mod accounts;
mod addresses;
mod definitions;
mod groups;
mod members;
mod modules;
mod objects;
mod server;
mod twins;
mod values;

pub(super) use accounts::of_accounts;
pub(super) use addresses::of_addresses;
pub(super) use definitions::of_definitions;
pub(super) use groups::of_groups;
pub(super) use modules::of_modules;
pub(super) use objects::{of_changed_objects, of_missing_columns, of_taken_names};
pub(super) use server::{of_server, of_unreadable_tables};
pub(super) use values::of_values;
