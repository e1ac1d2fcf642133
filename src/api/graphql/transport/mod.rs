//! GraphQL over HTTP. It reads a request, parses and validates its document, executes it within limits, and writes the
//! response. Parsed documents and public responses are cached.

mod cache;
pub(super) mod document;
mod endpoint;
mod metrics;
mod parse;
mod persisted;
mod public;
mod request;
mod response;
mod schemas;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

use schemas::Schemas;

/// The routes of both endpoints.
pub fn routes(app: &Arc<App>) -> Router {
    endpoint::routes(app, Schemas::new(&app.config.graphql))
}
