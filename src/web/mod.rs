//! Pages for people, and what operators ask: the playground, the reference, the account pages, health and metrics.

mod account;
mod assets;
pub(crate) mod health;
pub(crate) mod metrics;
mod playground;
mod reference;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// The pages, ready to be served.
pub fn routes(app: &Arc<App>) -> Router {
    account::routes().merge(playground::routes()).merge(reference::routes()).with_state(Arc::clone(app))
}

/// What operators ask, on an address of its own.
pub fn operations(app: &Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics::get_metrics_apart))
        .route("/health/live", get(health::get_liveness))
        .route("/health/ready", get(health::get_readiness))
        .with_state(Arc::clone(app))
}
