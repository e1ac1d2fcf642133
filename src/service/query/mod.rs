//! Queries that several services share: lists with filters, sort orders, offset pages and cursors, and locks of rows.

pub(super) mod condition;
pub mod keyset;
pub mod listing;
pub(super) mod lock;
pub mod page;
