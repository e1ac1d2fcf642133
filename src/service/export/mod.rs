//! Exports stored data: a customer its own account, an operator all customers.

mod all;
mod own;

pub use all::{ExportedCustomer, page};
pub use own::{AccountExport, export_account};
