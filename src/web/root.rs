//! `/` leads browsers to the console, and other clients, or without a console all of them, to the playground.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::app::App;
use crate::http::accepts_html;

/// `/`.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/", get(root))
}

async fn root(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let target = match app.config.server.console && accepts_html(&headers) {
        true => Redirect::temporary("/admin"),
        false => Redirect::temporary("/playground"),
    };
    ([(header::VARY, "Accept")], target).into_response()
}
