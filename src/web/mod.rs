//! Pages and operational endpoints: the console, the playground, the API reference, the account pages, the OpenAPI
//! document, health and metrics.

mod account;
mod assets;
mod console;
mod health;
mod metrics;
mod openapi;
mod playground;
mod reference;
mod root;
mod shop;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use openapi::Document;

/// The routes in the OpenAPI document.
pub(crate) fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health::get_liveness))
        .routes(routes!(health::get_readiness))
        .routes(routes!(metrics::get_metrics))
        .routes(routes!(openapi::get_openapi))
}

/// The pages and their files.
pub(crate) fn pages(app: &Arc<App>) -> Router {
    let pages = account::routes().merge(playground::routes()).merge(reference::routes(app));
    pages.merge(console::routes(app)).merge(root::routes()).with_state(Arc::clone(app))
}

/// The routes for operators, on a separate address.
pub(crate) fn operations(app: &Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics::get_operator_metrics))
        .route("/health/live", get(health::get_liveness))
        .route("/health/ready", get(health::get_readiness))
        .with_state(Arc::clone(app))
}
