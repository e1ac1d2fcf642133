//! What services read of an input, and what is wrong with it.

pub mod credentials;
pub mod meta_data;
pub mod patch;
