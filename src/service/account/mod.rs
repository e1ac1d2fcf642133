//! A customer's row, and what follows from changing it: for customers, passwords, sessions, addresses and custom fields.

mod owner;
mod save;
mod search_text;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

pub use owner::Owner;
pub(super) use save::{enqueue_verification_mail, invalidate_pending_links, save};
pub(super) use search_text::search_text_of;

use crate::db::TxResult;
use crate::entity::customer::{Entity, Model};
use crate::entity::customer_session;
use crate::error::Error;

/// The customer, whose row nobody else changes until the transaction ends.
pub(in crate::service) async fn find_for_update(tx: &impl ConnectionTrait, uuid: Uuid) -> TxResult<Model> {
    let customer = Entity::find_by_public_id(uuid).lock_exclusive().one(tx).await?;
    Ok(customer.ok_or(Error::NotFound("Customer"))?)
}

/// Ends all sessions of a customer but one, in the transaction of what makes them end, and tells how many.
pub(in crate::service) async fn end_sessions(
    tx: &impl ConnectionTrait,
    customer_id: i32,
    kept: Option<Uuid>,
) -> TxResult<u64> {
    let mut sessions =
        customer_session::Entity::delete_many().filter(customer_session::Column::CustomerId.eq(customer_id));
    if let Some(kept) = kept {
        sessions = sessions.filter(customer_session::Column::Uuid.ne(kept));
    }
    Ok(sessions.exec(tx).await?.rows_affected)
}
