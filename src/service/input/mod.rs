//! Parsing of input that several services share, and the collection of its validation errors.

pub mod credentials;
pub mod meta_data;
pub mod patch;
pub mod property;
pub mod text;
