//! What is stored, to take along: by a customer its own, by an operator all customers.

mod all;
mod own;

pub use all::{Exported, page};
pub use own::{AccountExport, own};
