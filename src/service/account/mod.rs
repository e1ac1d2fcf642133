//! The customer row and the side effects of changing it.
//!
//! The services for customers, passwords, sessions, addresses and custom fields share this module. Its functions run in
//! the transaction of their caller; when that transaction fails, none of their effects remain.

mod last_sign_in;
mod metafield_values;
mod owner;
mod save;
mod search_text;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

pub(super) use last_sign_in::{StartedSession, record_sign_ins};
pub(super) use metafield_values::{
    index_metafields, insert_metafield_values, metafield_name, replace_metafield_values, value_key,
};
pub use owner::Owner;
pub(super) use save::{enqueue_verification_mail, invalidate_pending_links, save};
pub(super) use search_text::{addresses_of, index_addresses, refresh_search_text, search_text_of};

use crate::db::TxResult;
use crate::entity::customer::{Entity, Model};
use crate::entity::{PublicId, customer_session};
use crate::error::Error;

/// Finds the customer with this primary key and locks its row until the transaction ends. By public identifier:
/// [`find_for_update`](crate::service::query::lock::find_for_update).
pub(in crate::service) async fn find_by_id_for_update(
    tx: &impl ConnectionTrait,
    customer_id: i32,
) -> TxResult<Model> {
    let customer = Entity::find_by_id(customer_id).lock_exclusive().one(tx).await?;
    Ok(customer.ok_or(Error::NotFound(Entity::NOUN))?)
}

/// Ends all sessions of a customer except `kept_session` and returns their number.
pub(in crate::service) async fn end_sessions(
    tx: &impl ConnectionTrait,
    customer_id: i32,
    kept_session: Option<Uuid>,
) -> TxResult<u64> {
    let mut sessions =
        customer_session::Entity::delete_many().filter(customer_session::Column::CustomerId.eq(customer_id));
    if let Some(kept_session) = kept_session {
        sessions = sessions.filter(customer_session::Column::Uuid.ne(kept_session));
    }
    Ok(sessions.exec(tx).await?.rows_affected)
}
