//! Checks of the source: generated files are current, documents are complete, released migrations are unchanged, modules
//! respect the layers, functions are short, and names are unique.

mod documents;
mod generated;
mod layering;
mod migrations;
mod names;
mod shape;
mod source;
