//! Creates, changes, deletes and finds addresses of customers.
//!
//! A customer has at most 100 addresses, of which at most one is the default. Every change locks the
//! customer's row first, so that concurrent changes of one customer's addresses run one after the other.

mod imported;
mod input;

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

pub(super) use imported::{AddressPlan, GivenAddress};
pub(super) use input::AddressDraft;
pub use input::AddressInput;

use crate::app::ctx::{Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::db::batch_loader::pad_to_power_of_two;
use crate::entity::address_row::{AddressRow, CustomerAddressRow};
use crate::entity::customer_address::{ActiveModel, Column, Entity, Model};
use crate::entity::{PublicId, customer};
use crate::error::{Error, Result};
use crate::service::account::{Owner, refresh_search_text};
use crate::service::journal::{self, Change, snapshot};
use crate::spend;
use crate::types::{EventKind, next_version};

/// Maximum number of addresses per customer.
pub(super) const MAX_ADDRESSES: u64 = 100;
/// The error for one more address.
pub(crate) const TOO_MANY_ADDRESSES: Error = Error::fixed_conflict("A customer has at most 100 addresses");

/// An address and its owner as named in the request.
#[derive(Clone, Debug)]
pub struct OwnedAddress {
    /// The address row.
    pub address: Model,
    /// The authenticated customer, or a customer named by an admin.
    pub owner: Owner,
}

/// Adds an address.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, [`Error::NotFound`] for an unknown customer,
/// [`Error::Conflict`] if the customer already has 100 addresses.
pub async fn create(
    ctx: &Ctx,
    write: Write<OwnedAddress>,
    owner: Owner,
    input: AddressInput,
) -> Result<Written<OwnedAddress>> {
    let customer = owner.uuid();
    let draft = input.merge(AddressDraft::default())?;
    spend!(ctx, write, |tx| {
        let customer_id = lock_customer(tx, customer).await?;
        let count = Entity::find().filter(Column::CustomerId.eq(customer_id)).count(tx).await?;
        if count >= MAX_ADDRESSES {
            return Err(TOO_MANY_ADDRESSES.into());
        }
        let mut changes = Vec::new();
        if draft.is_default {
            changes.extend(clear_default(ctx, tx, customer_id).await?);
        }
        let now = ctx.app.clock.now();
        let mut row = ActiveModel {
            uuid: Set(ctx.app.random.uuid()),
            customer_id: Set(customer_id),
            created_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
            ..Default::default()
        };
        draft.clone().fill(&mut row);
        let address = row.insert(tx).await?;
        changes.push(Change::created(EventKind::AddressCreated, address.uuid, snapshot::address(&address)));
        refresh_search_text(tx, customer_id).await?;
        journal::append_numbered(ctx, tx, customer_id, changes).await?;
        Ok(OwnedAddress { address, owner })
    })
}

/// Changes an address. The merged address is validated as a whole.
///
/// # Errors
/// [`Error::Invalid`] with all problems, [`Error::NotFound`] also for an address of another customer.
pub async fn update(
    ctx: &Ctx,
    write: Write<OwnedAddress>,
    owner: Owner,
    uuid: Uuid,
    input: AddressInput,
) -> Result<Written<OwnedAddress>> {
    let customer = owner.uuid();
    ctx.require_if_match()?;
    spend!(ctx, write, |tx| {
        let customer_id = lock_customer(tx, customer).await?;
        let current = find(tx, customer_id, uuid).await?;
        ctx.if_match.check(current.version)?;
        let before = AddressDraft::from(current.clone());
        let draft = input.clone().merge(before.clone())?;
        if draft == before {
            return Ok(OwnedAddress { address: current, owner });
        }
        let mut changes = Vec::new();
        if draft.is_default && !before.is_default {
            changes.extend(clear_default(ctx, tx, customer_id).await?);
        }
        let mut row = next_version_of(ctx, current.clone());
        draft.fill(&mut row);
        let address = row.update(tx).await?;
        changes.push(update_entry(&current, &address));
        refresh_search_text(tx, customer_id).await?;
        journal::append_numbered(ctx, tx, customer_id, changes).await?;
        Ok(OwnedAddress { address, owner })
    })
}

/// Deletes an address and returns the deleted row. If it was the default, the customer's newest remaining address
/// becomes the default.
///
/// # Errors
/// [`Error::NotFound`], also for an address of another customer.
pub async fn delete(
    ctx: &Ctx,
    write: Write<OwnedAddress>,
    owner: Owner,
    uuid: Uuid,
) -> Result<Written<OwnedAddress>> {
    let customer = owner.uuid();
    ctx.require_if_match()?;
    spend!(ctx, write, |tx| {
        let customer_id = lock_customer(tx, customer).await?;
        let address = find(tx, customer_id, uuid).await?;
        ctx.if_match.check(address.version)?;
        address.clone().delete(tx).await?;
        let before = snapshot::address(&address);
        let mut changes = vec![Change::deleted(EventKind::AddressDeleted, address.uuid, &before)];
        if address.is_default {
            let others = Entity::find().filter(Column::CustomerId.eq(customer_id));
            let newest = others.order_by_desc(Column::CustomerAddressId).one(tx).await?;
            if let Some(newest) = newest {
                changes.push(set_default(ctx, tx, newest, true).await?);
            }
        }
        refresh_search_text(tx, customer_id).await?;
        journal::append_numbered(ctx, tx, customer_id, changes).await?;
        Ok(OwnedAddress { address, owner })
    })
}

/// Returns the addresses of these customers, the default of each first.
///
/// It does not authorize: the caller of this function must have checked that `ctx` may see these customers.
pub async fn of_customers(ctx: &Ctx, customer_ids: &[i32]) -> Result<Vec<AddressRow>> {
    Ok(AddressRow::of_customers(customer_ids).into_model().all(ctx.app.db.reader()).await?)
}

/// Counts the addresses of each of these customers that has one.
///
/// It does not authorize: the caller of this function must have checked that `ctx` may see these customers.
pub async fn count_of_customers(ctx: &Ctx, customer_ids: &[i32]) -> Result<HashMap<i32, i64>> {
    let count = Entity::find().select_only().column(Column::CustomerId).expr(Expr::col(Asterisk).count());
    let count = count.filter(Column::CustomerId.is_in(pad_to_power_of_two(customer_ids.to_vec())));
    let counts =
        count.group_by(Column::CustomerId).into_tuple::<(i32, i64)>().all(ctx.app.db.reader()).await?;
    Ok(counts.into_iter().collect())
}

/// Finds an address that the caller may see, and the public identifier of its customer. An admin may see every address,
/// a customer its own addresses.
pub async fn find_visible(ctx: &Ctx, uuid: Uuid) -> Result<Option<(AddressRow, Uuid)>> {
    let select = AddressRow::select().inner_join(customer::Entity).column(customer::Column::Uuid);
    let mut select = select.filter(Column::Uuid.eq(uuid));
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => {}
        Caller::Customer { customer_id, .. } => select = select.filter(Column::CustomerId.eq(customer_id)),
        Caller::UnenrolledAdmin { .. } | Caller::Anonymous => return Ok(None),
    }
    let found = select.into_model::<CustomerAddressRow>().one(ctx.app.db.reader()).await?;
    Ok(found.map(|found| (found.address, found.customer)))
}

/// Locks the customer's row and returns its primary key. Without the lock, two concurrent transactions could each
/// find no default address and both set one.
async fn lock_customer(tx: &impl ConnectionTrait, uuid: Uuid) -> TxResult<i32> {
    let select = customer::Entity::find_by_public_id(uuid).select_only().column(customer::Column::CustomerId);
    let id = select.lock_exclusive().into_tuple().one(tx).await?;
    Ok(id.ok_or(Error::NotFound(customer::Entity::NOUN))?)
}

async fn find(tx: &impl ConnectionTrait, customer_id: i32, uuid: Uuid) -> TxResult<Model> {
    let select = Entity::find().filter(Column::Uuid.eq(uuid)).filter(Column::CustomerId.eq(customer_id));
    Ok(select.one(tx).await?.ok_or(Error::NotFound(Entity::NOUN))?)
}

async fn clear_default(ctx: &Ctx, tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<Option<Change>> {
    let select = Entity::find().filter(Column::CustomerId.eq(customer_id)).filter(Column::IsDefault.eq(true));
    match select.one(tx).await? {
        Some(current) => set_default(ctx, tx, current, false).await.map(Some),
        None => Ok(None),
    }
}

async fn set_default(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    address: Model,
    is_default: bool,
) -> TxResult<Change> {
    let mut row = next_version_of(ctx, address.clone());
    row.is_default = Set(is_default);
    Ok(update_entry(&address, &row.update(tx).await?))
}

/// The journal entry for the change of an address.
fn update_entry(before: &Model, after: &Model) -> Change {
    let (before, data) = (snapshot::address(before), snapshot::address(after));
    Change::updated(EventKind::AddressUpdated, after.uuid, &before, data)
}

/// Turns an address into a row to change, with `version` and `updated_at` already advanced.
fn next_version_of(ctx: &Ctx, address: Model) -> ActiveModel {
    let (version, updated_at) = (next_version(address.version), ctx.app.clock.now_after(address.updated_at));
    let mut row = address.into_active_model();
    row.version = Set(version);
    row.updated_at = Set(updated_at);
    row
}
