//! REST operations to end sessions. GraphQL lists them.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{CustomerDeleted, NoSuchSession};
use super::openapi::PathUuid;
use super::response::{EmptyBody, data, empty_body};
use crate::app::ctx::CustomerCtx;
use crate::entity::customer_session::{Entity, Model};
use crate::http::failure::documented::{Change, CustomerOnly, Failing};
use crate::http::{Data, Failure, OneWrite, PathId, WriteResponse};
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
    params(("id" = inline(PathUuid), Path, description = "Identifier of the session, from `currentCustomer { sessions { id } }`")),
    security(("customer" = [])),
    responses(
        (status = 200, description = "The ended session", body = Data<Session>),
        Failing<(CustomerOnly, NoSuchSession, Change)>,
    )
)]
pub(super) async fn delete_my_session(
    ctx: CustomerCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(session::end(&ctx, write.respond_with(data::<Model, Session>), id.uuid()?).await?.into())
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
