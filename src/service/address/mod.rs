//! Addresses of customers: at most one default each, and at most 100.

mod input;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

pub(super) use input::AddressDraft;
pub use input::AddressInput;

use crate::app::ctx::{Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::customer_address::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::account::Owner;
use crate::service::journal::{self, Change, snapshot};
use crate::spend;
use crate::types::{EventKind, next_version};

/// The most addresses a customer may have.
pub(super) const MAX_ADDRESSES: u64 = 100;

/// An address, with how its customer was named.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The row.
    pub address: Model,
    /// Whose it is, as the caller said it.
    pub owner: Owner,
}

/// Adds an address.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, [`Error::NotFound`] for the customer,
/// [`Error::Conflict`] beyond 100 addresses.
pub async fn create(
    ctx: &Ctx,
    write: Write<Owned>,
    owner: Owner,
    input: AddressInput,
) -> Result<Written<Owned>> {
    let customer = owner.authorize(ctx)?;
    let draft = input.merge(AddressDraft::default())?;
    spend!(ctx, write, |tx| {
        let customer_id = lock_customer(tx, customer).await?;
        let count = Entity::find().filter(Column::CustomerId.eq(customer_id)).count(tx).await?;
        if count >= MAX_ADDRESSES {
            return Err(Error::conflict("A customer has at most 100 addresses").into());
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
        journal::append_numbered(ctx, tx, customer_id, changes).await?;
        Ok(Owned { address, owner })
    })
}

/// Changes an address; the address that comes of it is judged as a whole.
///
/// # Errors
/// [`Error::Invalid`] with all problems, [`Error::NotFound`] also for an address of another customer.
pub async fn update(
    ctx: &Ctx,
    write: Write<Owned>,
    owner: Owner,
    uuid: Uuid,
    input: AddressInput,
) -> Result<Written<Owned>> {
    let customer = owner.authorize(ctx)?;
    ctx.require_if_match()?;
    spend!(ctx, write, |tx| {
        let customer_id = lock_customer(tx, customer).await?;
        let current = find(tx, customer_id, uuid).await?;
        ctx.if_match.check(current.version)?;
        let before = AddressDraft::from(current.clone());
        let draft = input.clone().merge(before.clone())?;
        if draft == before {
            return Ok(Owned { address: current, owner });
        }
        let mut changes = Vec::new();
        if draft.is_default && !before.is_default {
            changes.extend(clear_default(ctx, tx, customer_id).await?);
        }
        let mut row = changed(ctx, current.clone());
        draft.fill(&mut row);
        let address = row.update(tx).await?;
        changes.push(updated(&current, &address));
        journal::append_numbered(ctx, tx, customer_id, changes).await?;
        Ok(Owned { address, owner })
    })
}

/// Deletes an address and tells what it was. When it was the default, the newest of the others is now.
///
/// # Errors
/// [`Error::NotFound`], also for an address of another customer.
pub async fn delete(ctx: &Ctx, write: Write<Owned>, owner: Owner, uuid: Uuid) -> Result<Written<Owned>> {
    let customer = owner.authorize(ctx)?;
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
        journal::append_numbered(ctx, tx, customer_id, changes).await?;
        Ok(Owned { address, owner })
    })
}

/// The addresses of these customers, the default of each first, for callers that were shown the customers.
///
/// # Errors
/// Those of the database.
pub async fn of_customers(ctx: &Ctx, customer_ids: &[i32]) -> Result<Vec<Model>> {
    Ok(Entity::find_by_customers(customer_ids).all(ctx.app.db.reader()).await?)
}

/// Finds an address that the caller may see, with its customer's public identifier: an admin all, a customer its own.
///
/// # Errors
/// Those of the database.
pub async fn find_visible(ctx: &Ctx, uuid: Uuid) -> Result<Option<(Model, Uuid)>> {
    let mut select = Entity::find().filter(Column::Uuid.eq(uuid)).find_also_related(customer::Entity);
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => {}
        Caller::Customer { customer_id, .. } => select = select.filter(Column::CustomerId.eq(customer_id)),
        Caller::Anonymous => return Ok(None),
    }
    let found = select.one(ctx.app.db.reader()).await?;
    Ok(found.and_then(|(address, customer)| Some((address, customer?.uuid))))
}

/// The customer's primary key. Its row is locked: changes of its addresses happen one after the other, so that
/// two that each make another address the default don't both find none.
async fn lock_customer(tx: &impl ConnectionTrait, uuid: Uuid) -> TxResult<i32> {
    let select = customer::Entity::find_by_public_id(uuid).select_only().column(customer::Column::CustomerId);
    let id = select.lock_exclusive().into_tuple().one(tx).await?;
    Ok(id.ok_or(Error::NotFound("Customer"))?)
}

async fn find(tx: &impl ConnectionTrait, customer_id: i32, uuid: Uuid) -> TxResult<Model> {
    let select = Entity::find().filter(Column::Uuid.eq(uuid)).filter(Column::CustomerId.eq(customer_id));
    Ok(select.one(tx).await?.ok_or(Error::NotFound("Address"))?)
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
    let mut row = changed(ctx, address.clone());
    row.is_default = Set(is_default);
    Ok(updated(&address, &row.update(tx).await?))
}

/// What the journal says of a change.
fn updated(before: &Model, after: &Model) -> Change {
    let (before, data) = (snapshot::address(before), snapshot::address(after));
    Change::updated(EventKind::AddressUpdated, after.uuid, &before, data)
}

/// The row with its version and its moment moved on, to be changed.
fn changed(ctx: &Ctx, address: Model) -> ActiveModel {
    let (version, updated_at) = (next_version(address.version), ctx.app.clock.after(address.updated_at));
    let mut row = address.into_active_model();
    row.version = Set(version);
    row.updated_at = Set(updated_at);
    row
}
