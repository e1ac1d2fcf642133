//! Ending sessions over REST; they are read over GraphQL.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::Serialize;
use utoipa::ToSchema;

use super::customer::parse_uuid;
use super::failures::{CustomerDeleted, NoSuchSession};
use super::openapi::PathId;
use super::{EmptyBody, empty_body};
use crate::entity::customer_session::Model;
use crate::http::Data;
use crate::http::failures::{Change, CustomerOnly, Failing};
use crate::http::{CustomerCtx, Done, Failure, OneWrite};
use crate::service::session;
use crate::types::timestamp;

/// One login of a customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Public identifier.
    #[schema(format = "uuid", example = "5e08eaf5-cd43-4689-9edb-6737ba5e397e")]
    id: String,
    /// What the client called itself when it logged in.
    #[schema(required = true, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// Where it logged in from.
    #[schema(required = true, example = "192.0.2.1")]
    address: Option<String>,
    /// When it logged in (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// When it logged in or last got new tokens (RFC 3339).
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

/// End one of one's own sessions
///
/// Its tokens are refused from now on.
#[utoipa::path(
    delete,
    path = "/api/customers/me/sessions/{id}",
    tag = "tokens",
    params(("id" = inline(PathId), Path, description = "As `currentCustomer { sessions { id } }` tells it")),
    security(("customer" = [])),
    responses(
        (status = 200, description = "The session as it was", body = Data<Session>),
        Failing<(CustomerOnly, NoSuchSession, Change)>,
    )
)]
pub(super) async fn delete_my_session(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<Done, Failure> {
    let id = path.ok().and_then(|Path(text)| parse_uuid(&text));
    let id = id.ok_or_else(|| Failure::not_found("Session not found"))?;
    let write = write.answered(|row: &Model| Json(Data { data: Session::from(row) }));
    Ok(session::end(&ctx, write, id).await?.into())
}

/// End all of one's own sessions
///
/// The one that asks as well: every token of the customer is refused from now on.
#[utoipa::path(
    delete,
    path = "/api/customers/me/sessions",
    tag = "tokens",
    security(("customer" = [])),
    responses(
        (status = 200, description = "They have ended", body = Data<EmptyBody>),
        Failing<(CustomerOnly, CustomerDeleted, Change)>,
    )
)]
pub(super) async fn delete_my_sessions(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
) -> Result<Done, Failure> {
    Ok(session::end_all(&ctx, write.answered(empty_body)).await?.into())
}
