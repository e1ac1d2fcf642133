//! Lists: filters, pages and cursors.

pub mod keyset;
pub mod listing;
pub mod page;
