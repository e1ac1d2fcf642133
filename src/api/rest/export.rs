//! The data of one customer as a document: for the customer itself, and for an admin.

use axum::http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::address::Address;
use super::customer::Customer;
use super::documented_failures::{CustomerDeleted, NoSuchCustomer};
use super::openapi::{MailKind, MailStatus, PathUuid, ValuesByName};
use super::response::NotStored;
use super::session::Session;
use crate::app::ctx::{AdminCtx, CustomerCtx};
use crate::entity::customer;
use crate::entity::mail::Model as MailRow;
use crate::http::failure::documented::{AdminOnly, CustomerOnly, Failing, Read};
use crate::http::{Data, Failure, PathId};
use crate::service::export::{self, AccountExport};
use crate::types::timestamp;

/// All data that is stored about a customer, except data that only the back office may see.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountData {
    /// The account.
    customer: Customer,
    /// Time at which the customer verified the e-mail address (RFC 3339).
    #[schema(required = true, format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    email_verified_at: Option<String>,
    /// New e-mail address of a pending change, until the link mailed to it is opened.
    #[schema(required = true, format = "idn-email", example = "john@example.org")]
    pending_email: Option<String>,
    /// Name of the customer's group.
    #[schema(required = true, example = "Default")]
    group_name: Option<String>,
    /// Custom fields that are visible to the customer, by namespace and key.
    #[schema(value_type = ValuesByName, example = json!({"custom": {"birthday": "1990-04-17"}}))]
    metafields: Value,
    /// Addresses of the customer, the default address first.
    addresses: Vec<Address>,
    /// Active sessions.
    sessions: Vec<Session>,
    /// Recent mails to the customer.
    mails: Vec<Mail>,
}

/// A mail to the customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Mail {
    /// Kind of the mail.
    #[schema(value_type = MailKind, example = "verify_email")]
    kind: String,
    /// E-mail address of the recipient.
    #[schema(format = "idn-email", example = "john.smith@example.com")]
    recipient: String,
    /// Status of the mail.
    #[schema(value_type = MailStatus, example = "sent")]
    status: String,
    /// Time at which the mail was queued (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time at which the mail server accepted the mail (RFC 3339).
    #[schema(required = true, format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    sent_at: Option<String>,
}

impl From<MailRow> for Mail {
    fn from(row: MailRow) -> Self {
        Self {
            kind: row.kind.to_string(),
            recipient: row.recipient.as_str().to_owned(),
            status: row.status.to_string(),
            created_at: timestamp(row.created_at),
            sent_at: row.sent_at.map(timestamp),
        }
    }
}

impl From<AccountExport> for AccountData {
    fn from(export: AccountExport) -> Self {
        let AccountExport { customer, group, metafields, addresses, sessions, mails } = export;
        Self {
            email_verified_at: customer.email_verified_at.map(timestamp),
            pending_email: customer.pending_email.as_ref().map(|email| email.as_str().to_owned()),
            customer: (&customer).into(),
            group_name: group.map(|group| group.group_name),
            metafields,
            addresses: addresses.iter().map(Address::from).collect(),
            sessions: sessions.iter().map(Session::from).collect(),
            mails: mails.into_iter().map(Mail::from).collect(),
        }
    }
}

/// Download my data
///
/// The response is one JSON document with all data about the customer. Hashes, tokens and data that only the back
/// office may see are not included.
#[utoipa::path(
    get,
    path = "/api/customers/me/export",
    tag = "account",
    security(("customer" = [])),
    responses(
        (status = 200, description = "All data about the customer", body = Data<AccountData>,
         headers(("Content-Disposition" = String, description = "Makes browsers save the document as a file"))),
        Failing<(CustomerOnly, CustomerDeleted, Read)>,
    )
)]
pub(super) async fn export_me(ctx: CustomerCtx) -> Result<Download, Failure> {
    Ok(download(export::export_account(&ctx).await?))
}

/// Download the data of a customer
///
/// The same document as the customer's own download. The audit trail records it.
#[utoipa::path(
    get,
    path = "/api/customers/{uuid}/export",
    tag = "customers",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier, with or without hyphens")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "All data about the customer", body = Data<AccountData>,
         headers(("Content-Disposition" = String, description = "Makes browsers save the document as a file"))),
        Failing<(AdminOnly, NoSuchCustomer, Read)>,
    )
)]
pub(super) async fn export_customer(
    ctx: AdminCtx,
    id: PathId<customer::Entity>,
) -> Result<Download, Failure> {
    Ok(download(export::export_account_of(&ctx, id.uuid()?).await?))
}

/// A document that browsers save as a file.
type Download = ([(HeaderName, HeaderValue); 1], NotStored<Data<AccountData>>);

fn download(export: AccountExport) -> Download {
    let file = HeaderValue::from_static("attachment; filename=\"customer.json\"");
    ([(header::CONTENT_DISPOSITION, file)], NotStored(Data::of(export.into())))
}
