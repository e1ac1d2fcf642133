//! REST operations on mails.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{MailNotFailed, NoSuchMail};
use super::openapi::{MailKind, MailStatus, PathUuid};
use super::response::data;
use crate::app::ctx::AdminCtx;
use crate::entity::mail::{Entity, Model};
use crate::http::failure::documented::{AdminOnly, Change, Failing};
use crate::http::{Data, Failure, OneWrite, PathId, WriteResponse};
use crate::service::mail;
use crate::types::timestamp;

/// A mail that is sent again.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedMail {
    /// Public identifier of the mail.
    #[schema(format = "uuid", example = "8f4b1d0c-55c9-4b0e-a3d0-7b0c3f1f9a10")]
    uuid: String,
    /// Kind of the mail.
    #[schema(value_type = MailKind, example = "verify_email")]
    kind: String,
    /// E-mail address of the recipient.
    #[schema(format = "idn-email", example = "john.smith@example.com")]
    recipient: String,
    /// Status of the mail: `pending`.
    #[schema(value_type = MailStatus, example = "pending")]
    status: String,
    /// Time at which the mail was queued (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the next attempt (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-09T14:18:05.000Z")]
    next_attempt_at: String,
}

impl From<&Model> for RetriedMail {
    fn from(row: &Model) -> Self {
        Self {
            uuid: row.uuid.to_string(),
            kind: row.kind.to_string(),
            recipient: row.recipient.as_str().to_owned(),
            status: row.status.to_string(),
            created_at: timestamp(row.created_at),
            next_attempt_at: timestamp(row.next_attempt_at),
        }
    }
}

/// Send a failed mail again
///
/// The mail is sent at once, and retried for another day. A link in it gets a new token.
#[utoipa::path(
    post,
    path = "/api/mails/{uuid}/retry",
    tag = "mails",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the mail")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The mail, which is sent again", body = Data<RetriedMail>),
        Failing<(AdminOnly, NoSuchMail, MailNotFailed, Change)>,
    )
)]
pub(super) async fn retry_mail(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(mail::resend(&ctx, write.respond_with(data::<Model, RetriedMail>), id.uuid()?).await?.into())
}
