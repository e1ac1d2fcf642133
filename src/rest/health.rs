//! Health, for whoever restarts the process or sends it requests.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Data;
use super::openapi::Failures;
use crate::app::App;
use crate::error::Error;
use crate::http::{Failure, FailureEnvelope};
use crate::service::health;

/// How it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`; anything else is a failure.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<Data<Health>> = Json(Data { data: Health { status: "ok" } });

/// Whether the process runs
///
/// Asks nothing of the database: restarting would not help it.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "health",
    security(()),
    responses((status = 200, description = "It runs", body = Data<Health>), Failures)
)]
pub(super) async fn get_liveness() -> Json<Data<Health>> {
    OK
}

/// Whether requests can be served
///
/// The database can be reached and its schema is up to date.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "They can", body = Data<Health>),
        Failures,
        (status = 503, description = "They can't; `message` says why", body = FailureEnvelope),
    )
)]
pub(super) async fn get_readiness(State(app): State<Arc<App>>) -> Result<Json<Data<Health>>, Failure> {
    match health::ensure_ready(&app).await {
        Ok(()) => Ok(OK),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            // The one place that tells why: the text is ours, and names no host and no credentials.
            let message = match error {
                Error::Behind(count) => format!("{count} migrations are pending: run `patron migrate up`"),
                _ => "The database can't be reached".to_owned(),
            };
            Err(Failure { message, ..Failure::unavailable(1) })
        }
    }
}
