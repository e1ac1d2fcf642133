//! Locks a row before a change, so that concurrent changes of it run one after the other.

use sea_orm::{ConnectionTrait, QuerySelect};
use uuid::Uuid;

use crate::db::TxResult;
use crate::entity::PublicId;
use crate::error::Error;

/// Finds the row with this public identifier and locks it until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`].
pub(in crate::service) async fn find_for_update<E: PublicId>(
    tx: &impl ConnectionTrait,
    uuid: Uuid,
) -> TxResult<E::Model> {
    let row = E::find_by_public_id(uuid).lock_exclusive().one(tx).await?;
    Ok(row.ok_or(Error::NotFound(E::NOUN))?)
}
