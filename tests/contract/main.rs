//! The contracts in the repository are what the code generates, the documents list what the source has, and the source keeps
//! to its layers.

mod documents;
mod generated;
mod layering;
mod migrations;
