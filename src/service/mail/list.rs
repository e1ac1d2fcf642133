//! The list of mails for admins, the newest first.

use sea_orm::{ColumnTrait, Condition, QuerySelect};
use uuid::Uuid;

use super::by_customer::NUMBER;
use crate::app::ctx::AdminCtx;
use crate::entity::mail::{Column, Entity, Model};
use crate::entity::{PublicId, customer};
use crate::error::Result;
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, NumberColumn};
use crate::types::MailStatus;

/// The filters of the list. A mail has to match all of them.
#[derive(Clone, Debug, Default)]
pub struct MailFilter {
    /// The status of the mail.
    pub status: Option<MailStatus>,
    /// The customer of the mail.
    pub customer: Option<Uuid>,
}

/// A query of the mails. [`Listing::page`] returns its rows.
pub type Mails = Listing<Entity>;

/// Parses a query of the mails, the newest first.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for an invalid count or cursor.
pub async fn page(ctx: &AdminCtx, window: &Window, filter: &MailFilter) -> Result<Mails> {
    let mut condition = Condition::all().add_option(filter.status.map(|status| Column::Status.eq(status)));
    if let Some(uuid) = filter.customer {
        let customer = customer::Entity::find_by_public_id(uuid).select_only();
        let customer = customer.column(customer::Column::CustomerId).into_tuple::<i32>();
        let id = customer.one(ctx.app.db.reader()).await?;
        condition = condition.add(Column::CustomerId.eq(id.unwrap_or_default()));
    }
    let value = |mail: &Model| mail.mail_id;
    let number = NumberColumn { name: NUMBER, column: Column::MailId, value };
    Listing::parse(number, true, window, condition)
}
