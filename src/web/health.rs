//! Health checks, for supervisors and load balancers.
//!
//! Liveness does not use the database. Readiness checks the connection, the migrations and a write; when a check fails
//! it responds with 503, and names the check and the reason in a message without hosts or credentials.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Error;
use crate::http::failure::EXAMPLE_REQUEST_ID;
use crate::http::failure::documented::{Failing, Read};
use crate::http::{AnonymousCtx, Data, Detail, Failure, FailureBody, NO_STORE};
use crate::service::health::{self, CheckName};

/// The result of the liveness check.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`. Otherwise the response is a failure.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The result of the readiness check.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    /// Always `ok`. Otherwise the response is a failure.
    #[schema(example = "ok")]
    status: &'static str,
    /// The checks, all with the status `ok`.
    checks: Vec<Check>,
}

/// A check of something that requests depend on.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct Check {
    /// `database`: it is reachable. `migrations`: its schema is up to date. `writes`: it accepts writes. `stop`: the server
    /// is stopping; it is the only check then. More checks may be added.
    #[schema(example = "database")]
    name: &'static str,
    /// `unknown`: the check did not run, because an earlier one failed.
    status: CheckStatus,
    /// Reason of a failed check, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    message: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CheckStatus {
    Ok,
    Failed,
    Unknown,
}

/// The response body of a failed readiness check.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadyEnvelope {
    /// The failure with all checks.
    error: Unready,
}

/// The failure of a readiness check.
#[derive(Serialize, ToSchema)]
pub(super) struct Unready {
    #[serde(flatten)]
    failure: FailureBody,
    /// All checks. The failed ones are in `details` as well.
    checks: Vec<Check>,
}

/// Check that the process runs
///
/// The process is running. The database is not checked, because a restart would not repair it.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "The process is running", body = Data<Health>),
        Failing<Read>,
    )
)]
pub(super) async fn get_liveness() -> Data<Health> {
    Data::of(Health { status: "ok" })
}

/// Check that the server is ready
///
/// The server can process requests: the database is reachable, its schema is up to date, and it accepts writes.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "The server is ready", body = Data<Readiness>),
        Failing<Read>,
        (status = 503, description = "The server is not ready; `message` has the reason, `checks` the status of each check", body = UnreadyEnvelope, example = json!(unready_example())),
    )
)]
pub(super) async fn get_readiness(State(app): State<Arc<App>>, AnonymousCtx(ctx): AnonymousCtx) -> Response {
    let checks: Vec<Check> = if *app.drain.borrow() {
        vec![Check::stopping()]
    } else {
        health::checks(&app).await.into_iter().map(Check::from).collect()
    };
    let failed = checks
        .iter()
        .filter_map(|check| Some(Detail { field: check.name.to_owned(), message: check.message.clone()? }));
    let details: Vec<Detail> = failed.collect();
    let Some(first) = details.first() else {
        return Data::of(Readiness { status: "ok", checks }).into_response();
    };
    let failure = Failure { message: first.message.clone(), details, ..Failure::unavailable(1) };
    // Rendered here and not by the outermost middleware, because the body has an additional field.
    let failure = failure.envelope(ctx.request_id).error;
    let headers = [(CACHE_CONTROL, NO_STORE), (RETRY_AFTER, HeaderValue::from_static("1"))];
    let body = UnreadyEnvelope { error: Unready { failure, checks } };
    (StatusCode::SERVICE_UNAVAILABLE, headers, Json(body)).into_response()
}

impl Check {
    /// The only check of a server that begins to stop: it still processes requests, but clients should use another one.
    fn stopping() -> Self {
        let message = "The server is stopping: send requests to another instance".to_owned();
        Self { name: "stop", status: CheckStatus::Failed, message: Some(message) }
    }
}

/// Example for the OpenAPI document: the database can't be reached.
fn unready_example() -> UnreadyEnvelope {
    let message = "The database can't be reached";
    let detail = Detail { field: CheckName::Database.as_str().to_owned(), message: message.to_owned() };
    let failure = Failure { message: message.to_owned(), details: vec![detail], ..Failure::unavailable(1) };
    let failure = failure.envelope(EXAMPLE_REQUEST_ID.to_owned()).error;
    let check = |name: CheckName, status, message| Check { name: name.as_str(), status, message };
    let checks = vec![
        check(CheckName::Database, CheckStatus::Failed, Some(message.to_owned())),
        check(CheckName::Migrations, CheckStatus::Unknown, None),
        check(CheckName::Writes, CheckStatus::Unknown, None),
    ];
    UnreadyEnvelope { error: Unready { failure, checks } }
}

/// Turns an error into a public message. The texts are fixed, and contain no host and no credentials.
impl From<health::ReadinessCheck> for Check {
    fn from(health::ReadinessCheck { name, state }: health::ReadinessCheck) -> Self {
        let (status, message) = match state {
            health::CheckResult::Ok => (CheckStatus::Ok, None),
            health::CheckResult::Unknown => (CheckStatus::Unknown, None),
            health::CheckResult::Failed(error) => {
                tracing::warn!(%error, check = name.as_str(), "not ready");
                let message = match error {
                    Error::MigrationsPending(count) => {
                        format!("migrations are pending ({count}): run `patron migrate up`")
                    }
                    Error::DatabaseUnusable(reason) => reason,
                    _ if name == CheckName::Writes => {
                        "The database does not accept writes: it is read-only, or its disk is full".to_owned()
                    }
                    _ => "The database can't be reached".to_owned(),
                };
                (CheckStatus::Failed, Some(message))
            }
        };
        Self { name: name.as_str(), status, message }
    }
}
