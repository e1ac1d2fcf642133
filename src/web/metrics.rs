//! `/metrics` in the text format of Prometheus. The metrics are collected without the database.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};

use crate::app::App;
use crate::failures;
use crate::http::failure::documented::{Failing, Read};
use crate::http::{Failure, NO_STORE};
use crate::telemetry::metrics;

failures! {
    /// Failures of `/metrics`.
    MetricsElsewhere { "The metrics are not served on this address" => Failure::from_status(StatusCode::NOT_FOUND) }
}

type Headers = [(HeaderName, HeaderValue); 2];

/// Get metrics for Prometheus
///
/// The settings decide whether metrics are served on this address, on a separate one, or not at all. The database is
/// not used.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    security(()),
    responses(
        (
            status = 200,
            description = "The text format of Prometheus, version 0.0.4",
            content_type = "text/plain",
            body = String,
        ),
        Failing<(MetricsElsewhere, Read)>,
    )
)]
pub(super) async fn get_metrics(State(app): State<Arc<App>>) -> Result<(Headers, String), Failure> {
    if !app.config.metrics.public {
        return Err(Failure::from_status(StatusCode::NOT_FOUND));
    }
    Ok(render(&app))
}

/// The metrics on the separate address for operators.
pub(super) async fn get_operator_metrics(State(app): State<Arc<App>>) -> (Headers, String) {
    render(&app)
}

fn render(app: &App) -> (Headers, String) {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE)), (CACHE_CONTROL, NO_STORE)];
    (headers, app.render_metrics())
}
