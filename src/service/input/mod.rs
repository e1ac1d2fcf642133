//! What services read of an input, and what is wrong with it.

pub mod patch;
