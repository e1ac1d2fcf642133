//! REST operations to end sessions. GraphQL lists them.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::Serialize;
use utoipa::ToSchema;

use super::customer::parse_uuid;
use super::failures::{CustomerDeleted, NoSuchSession};
use super::openapi::PathId;
use super::{EmptyBody, empty_body};
use crate::app::ctx::CustomerCtx;
use crate::entity::customer_session::Model;
use crate::http::Data;
use crate::http::failures::{Change, CustomerOnly, Failing};
use crate::http::{Failure, OneWrite, WriteResponse};
use crate::service::session;
use crate::types::timestamp;

/// A session of a customer. It begins with a login.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Public identifier of the session.
    #[schema(format = "uuid", example = "5e08eaf5-cd43-4689-9edb-6737ba5e397e")]
    id: String,
    /// `User-Agent` of the login request.
    #[schema(required = true, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// Network address of the login request.
    #[schema(required = true, example = "192.0.2.1")]
    address: Option<String>,
    /// Time of the login (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the login or the last token refresh (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    last_used_at: String,
}

impl From<&Model> for Session {
    fn from(row: &Model) -> Self {
        Self {
            id: row.uuid.to_string(),
            user_agent: row.user_agent.clone(),
            address: row.ip_address.clone(),
            created_at: timestamp(row.created_at),
            last_used_at: timestamp(row.last_used_at),
        }
    }
}

/// End one of my sessions
///
/// The tokens of the session become invalid at once.
#[utoipa::path(
    delete,
    path = "/api/customers/me/sessions/{id}",
    tag = "tokens",
    params(("id" = inline(PathId), Path, description = "Identifier of the session, from `currentCustomer { sessions { id } }`")),
    security(("customer" = [])),
    responses(
        (status = 200, description = "The ended session", body = Data<Session>),
        Failing<(CustomerOnly, NoSuchSession, Change)>,
    )
)]
pub(super) async fn delete_my_session(
    ctx: CustomerCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let id = path.ok().and_then(|Path(text)| parse_uuid(&text));
    let id = id.ok_or_else(|| Failure::not_found("Session not found"))?;
    let write = write.respond_with(|row: &Model| Json(Data { data: Session::from(row) }));
    Ok(session::end(&ctx, write, id).await?.into())
}

/// End all my sessions
///
/// All tokens of the customer become invalid at once, including those of the current session.
#[utoipa::path(
    delete,
    path = "/api/customers/me/sessions",
    tag = "tokens",
    security(("customer" = [])),
    responses(
        (status = 200, description = "All sessions have ended", body = Data<EmptyBody>),
        Failing<(CustomerOnly, CustomerDeleted, Change)>,
    )
)]
pub(super) async fn delete_my_sessions(ctx: CustomerCtx, write: OneWrite) -> Result<WriteResponse, Failure> {
    Ok(session::end_all(&ctx, write.respond_with(empty_body)).await?.into())
}
