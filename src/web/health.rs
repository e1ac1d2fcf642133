//! Health, for whoever restarts the process or sends it requests.

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
use crate::http::Data;
use crate::http::failures::{Failing, Read};
use crate::http::{AnonymousCtx, Detail, Failure, FailureBody};
use crate::service::health;

/// How it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`; anything else is a failure.
    #[schema(example = "ok")]
    status: &'static str,
}

/// How everything is that has to be right.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    /// Always `ok`; anything else is a failure.
    #[schema(example = "ok")]
    status: &'static str,
    /// What was looked at; all of it is `ok`.
    checks: Vec<Check>,
}

/// Something that has to be right for requests to be served.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct Check {
    /// `database`: it can be reached. `migrations`: its schema is up to date. `writes`: it takes them. There may be more.
    #[schema(example = "database")]
    name: &'static str,
    /// `unknown`: another check failed first.
    status: CheckStatus,
    /// Why it failed, for people.
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

/// The body when requests can't be served.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadyEnvelope {
    /// Why not.
    error: Unready,
}

/// Why requests can't be served.
#[derive(Serialize, ToSchema)]
pub(super) struct Unready {
    #[serde(flatten)]
    failure: FailureBody,
    /// What was looked at; those that failed are in `details` as well.
    checks: Vec<Check>,
}

/// Whether the process runs
///
/// Asks nothing of the database: restarting would not help it.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "It runs", body = Data<Health>),
        Failing<Read>,
    )
)]
pub(super) async fn get_liveness() -> Json<Data<Health>> {
    Json(Data { data: Health { status: "ok" } })
}

/// Whether requests can be served
///
/// The database can be reached, its schema is up to date, and it takes writes.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "They can", body = Data<Readiness>),
        Failing<Read>,
        (status = 503, description = "They can't; `message` says why, `checks` for programs", body = UnreadyEnvelope, example = json!(unready_example())),
    )
)]
pub(super) async fn get_readiness(State(app): State<Arc<App>>, AnonymousCtx(ctx): AnonymousCtx) -> Response {
    let checks: Vec<Check> = health::checks(&app).await.into_iter().map(Check::from).collect();
    let failed = checks
        .iter()
        .filter_map(|check| Some(Detail { field: check.name.to_owned(), message: check.message.clone()? }));
    let details: Vec<Detail> = failed.collect();
    let Some(first) = details.first() else {
        return Json(Data { data: Readiness { status: "ok", checks } }).into_response();
    };
    let failure = Failure { message: first.message.clone(), details, ..Failure::unavailable(1) };
    // Its body has more than that of other failures, so it is not left to the outermost layer.
    let failure = failure.envelope(ctx.request_id).error;
    let headers =
        [(CACHE_CONTROL, HeaderValue::from_static("no-store")), (RETRY_AFTER, HeaderValue::from_static("1"))];
    let body = UnreadyEnvelope { error: Unready { failure, checks } };
    (StatusCode::SERVICE_UNAVAILABLE, headers, Json(body)).into_response()
}

/// The body when the database can't be reached, for the document.
fn unready_example() -> UnreadyEnvelope {
    let message = "The database can't be reached";
    let detail = Detail { field: "database".to_owned(), message: message.to_owned() };
    let failure = Failure { message: message.to_owned(), details: vec![detail], ..Failure::unavailable(1) };
    let failure = failure.envelope("4be2ef3a9b6f4d7c8e1a2b3c4d5e6f70".to_owned()).error;
    let check = |name, status, message| Check { name, status, message };
    let checks = vec![
        check("database", CheckStatus::Failed, Some(message.to_owned())),
        check("migrations", CheckStatus::Unknown, None),
        check("writes", CheckStatus::Unknown, None),
    ];
    UnreadyEnvelope { error: Unready { failure, checks } }
}

/// The one place that tells why: the texts are ours, and name no host and no credentials.
impl From<health::Check> for Check {
    fn from(health::Check { name, state }: health::Check) -> Self {
        let (status, message) = match state {
            health::CheckResult::Ok => (CheckStatus::Ok, None),
            health::CheckResult::Unknown => (CheckStatus::Unknown, None),
            health::CheckResult::Failed(error) => {
                tracing::warn!(%error, check = name, "not ready");
                let message = match error {
                    Error::MigrationsPending(count) => {
                        format!("{count} migrations are pending: run `patron migrate up`")
                    }
                    Error::DatabaseUnusable(reason) => reason,
                    _ if name == "writes" => {
                        "The database takes no writes: it is read-only, or its disk is full".to_owned()
                    }
                    _ => "The database can't be reached".to_owned(),
                };
                (CheckStatus::Failed, Some(message))
            }
        };
        Self { name, status, message }
    }
}
