//! Every route with every layer around it: the surfaces and the pages put together.

use std::sync::Arc;

use axum::Router;

use crate::app::App;
use crate::{api, http, web};

/// Every route with every layer around it.
pub fn router(app: &Arc<App>) -> Router {
    http::around(api::rest::routes(app).merge(web::routes(app)).merge(api::graphql::routes(app)), app)
}

/// What operators ask, on an address of its own: the metrics and the health.
pub fn operations(app: &Arc<App>) -> Router {
    http::around(web::operations(app), app)
}
