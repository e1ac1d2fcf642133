//! Exports all data about a customer that the customer may see, as one document (GDPR article 20).

use sea_orm::prelude::Json;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::app::ctx::CustomerCtx;
use crate::entity::{PublicId, customer, customer_address, customer_group, customer_session, mail};
use crate::error::{Error, Result};
use crate::service::metafield;

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
    let customer_id = ctx.customer_id;
    let db = ctx.app.db.reader();
    let customer = customer::Entity::find_by_id(customer_id).one(db).await?;
    let customer = customer.ok_or(Error::NotFound(customer::Entity::NOUN))?;
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
    let metafields = metafield::visible_values(&customer.meta_data, &metafield::visible(ctx).await?);
    Ok(AccountExport { customer, group, metafields, addresses, sessions, mails })
}
