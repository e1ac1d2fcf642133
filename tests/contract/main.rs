//! Checks of the source: generated files are current, documents are complete, released migrations are unchanged, and modules
//! respect the layers.

mod documents;
mod generated;
mod layering;
mod migrations;
