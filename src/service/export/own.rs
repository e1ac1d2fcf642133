//! Exports all data about a customer that the customer may see, as one document (GDPR article 20).

use sea_orm::prelude::Json;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx};
use crate::app::write::Write;
use crate::entity::{PublicId, customer, customer_address, customer_group, customer_session, mail};
use crate::error::{Error, Result};
use crate::service::journal::{self, Change};
use crate::service::metafield;
use crate::service::query::lock::find_for_update;
use crate::spend;
use crate::types::EventKind;

/// All data about a customer except password hashes, tokens and data that only admins may see.
#[derive(Clone, Debug)]
pub struct AccountExport {
    /// The customer row.
    pub customer: customer::Model,
    /// The customer's group.
    pub group: Option<customer_group::Model>,
    /// The custom fields that the customer may see, as `{ namespace: { key: value } }`.
    pub metafields: Json,
    /// The customer's addresses, the default first.
    pub addresses: Vec<customer_address::Model>,
    /// The customer's sessions, including expired ones that housekeeping has not deleted yet.
    pub sessions: Vec<customer_session::Model>,
    /// The mails to the customer that have not been deleted yet.
    pub mails: Vec<mail::Model>,
}

/// Exports the account of the authenticated customer.
///
/// # Errors
/// [`Error::NotFound`] if the account was deleted after authentication.
pub async fn export_account(ctx: &CustomerCtx) -> Result<AccountExport> {
    let customer = customer::Entity::find_by_id(ctx.customer_id).one(ctx.app.db.reader()).await?;
    complete(ctx, customer.ok_or(Error::NotFound(customer::Entity::NOUN))?).await
}

/// Exports the account of a customer for an admin, which is recorded in the journal. It contains the same as for the
/// customer itself.
///
/// # Errors
/// [`Error::NotFound`] for an unknown customer.
pub async fn export_account_of(ctx: &AdminCtx, customer: Uuid) -> Result<AccountExport> {
    let customer = spend!(ctx, Write::<customer::Model>::of_job(), |tx| {
        let customer = find_for_update::<customer::Entity>(tx, customer).await?;
        let data = json!({"uuid": customer.uuid.to_string()});
        let created = Change::event(EventKind::ExportCreated, customer.uuid, data);
        journal::append_numbered(ctx, tx, customer.customer_id, vec![created]).await?;
        Ok(customer)
    })?;
    complete(ctx, customer.value).await
}

/// Adds everything else to the row of a customer.
async fn complete(ctx: &Ctx, customer: customer::Model) -> Result<AccountExport> {
    let (customer_id, db) = (customer.customer_id, ctx.app.db.reader());
    let group = match customer.group_id {
        Some(id) => customer_group::Entity::find_by_id(id).one(db).await?,
        None => None,
    };
    let addresses = customer_address::Entity::find_by_customers(&[customer_id]).all(db).await?;
    let sessions = customer_session::Entity::find()
        .filter(customer_session::Column::CustomerId.eq(customer_id))
        .order_by_asc(customer_session::Column::CustomerSessionId);
    let mails = mail::Entity::find()
        .filter(mail::Column::CustomerId.eq(customer_id))
        .order_by_asc(mail::Column::MailId);
    let (sessions, mails) = (sessions.all(db).await?, mails.all(db).await?);
    let mut definitions = metafield::visible(ctx).await?;
    definitions.retain(|definition| definition.visible_to_customer);
    let metafields = metafield::visible_values(&customer.meta_data, &definitions);
    Ok(AccountExport { customer, group, metafields, addresses, sessions, mails })
}
