//! `/metrics`, for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};

use crate::app::App;
use crate::failures;
use crate::http::Failure;
use crate::http::failures::{Failing, Read};
use crate::telemetry::metrics;

failures! {
    /// Of `/metrics`.
    MetricsElsewhere { "The metrics are not served on this address" => Failure::from_status(StatusCode::NOT_FOUND) }
}

type Headers = [(HeaderName, HeaderValue); 2];

/// What is counted and measured, for Prometheus
///
/// Answered without the database. Here only where the settings say so, otherwise on an address of its own or nowhere.
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
    Ok(answer(&app))
}

/// The same on the address that is for operators alone.
pub(super) async fn get_metrics_apart(State(app): State<Arc<App>>) -> (Headers, String) {
    answer(&app)
}

fn answer(app: &App) -> (Headers, String) {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, app.render_metrics())
}
