//! Exports stored data: one account, all customers, or those that a filter finds.

mod all;
mod filtered;
mod own;

pub use all::{ExportedCustomer, max_addresses, page};
pub use filtered::FilteredExport;
pub use own::{AccountExport, export_account, export_account_of};
