//! Queries of lists: filters, sort orders, offset pages and cursors.

pub mod keyset;
pub mod listing;
pub mod page;
