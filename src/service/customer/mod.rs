//! Customers: register, change, delete, find, list.

mod connection;
mod criterion;
mod filter;
mod input;
mod members;
mod profile;
mod search;

use std::collections::HashMap;

use sea_orm::ActiveValue::{self, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use uuid::Uuid;

pub use connection::{Connection, Sort, SortField};
pub use criterion::{Compare, CompareText, Criterion};
pub use filter::parse as parse_filters;
pub use input::CustomerInput;
pub(super) use input::{parse_full_name, parse_group_id, parse_status};
pub use members::{MAX_MEMBERS, Members, of_groups};
pub use profile::{delete_own, update_own};
pub use search::{is_indexed as search_is_indexed, sample_trigrams};

use crate::app::App;
use crate::app::ctx::{Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::batch_loader::pad_to_power_of_two;
use crate::db::{Database, TxResult};
use crate::entity::customer::{self, ActiveModel, Entity, Model};
use crate::entity::customer_group;
use crate::error::{Error, Result};
use crate::service::account::{enqueue_verification_mail, find_for_update, save, search_text_of};
use crate::service::input::patch::Mode;
use crate::service::journal::{self, Change, CustomerSequence, snapshot};
use crate::service::query::page::ListQuery;
use crate::service::{metafield, throttle};
use crate::spend;
use crate::types::{CustomerStatus, EmailAddress, EventKind};

use input::Changes;

/// Registers a customer. Anyone may; an admin may set more fields.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, [`Error::EmailTaken`], [`Error::RateLimited`].
pub async fn create(ctx: &Ctx, write: Write<Model>, input: CustomerInput) -> Result<Written<Model>> {
    let changes = input.parse(Mode::Create, ctx.is_admin())?;
    let Changes { status, group_id, full_name, email, password, meta_data } = changes;
    let (Some(full_name), Some(email), Some(password)) = (full_name, email, password) else {
        return Err(Error::internal("a required field passed the check without a value"));
    };
    throttle::count_registration(ctx).await?;
    // A courtesy that spares the hashing; the unique index decides.
    ensure_email_is_free(ctx.app.db.reader(), &email, None).await?;
    let password = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    let now = ctx.app.clock.now();
    let mut customer = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        status: Set(status.unwrap_or(CustomerStatus::Enabled)),
        group_id: Set(Some(group_id.unwrap_or(customer_group::DEFAULT_GROUP_ID))),
        search_text: Set(search_text_of(&full_name, &email)),
        email: Set(email),
        password: Set(password),
        full_name: Set(full_name),
        created_at: Set(now),
        updated_at: Set(now),
        meta_data: Set(serde_json::json!({})),
        version: Set(1),
        token_generation: Set(0),
        event_sequence: Set(1),
        ..Default::default()
    };
    customer.derive_keys();
    spend!(ctx, write, { metafield::checked(ctx, meta_data.as_ref()).await }, |tx, checked| {
        ensure_group_exists(tx, group_id).await?;
        let mut customer = customer.clone();
        if let Some(checked) = checked {
            customer.meta_data = Set(checked.in_force(tx).await?);
        }
        let customer = customer.insert(tx).await?;
        let created =
            Change::created(EventKind::CustomerCreated, customer.uuid, snapshot::customer(&customer));
        journal::append_events(
            ctx,
            tx,
            CustomerSequence { customer: customer.uuid, first: 1 },
            vec![created],
        )
        .await?;
        enqueue_verification_mail(ctx, tx, &customer).await?;
        Ok(customer)
    })
}

/// Changes a customer; what stays the same leaves `version` and `updated_at` where they are.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] with all problems of the input, [`Error::EmailTaken`],
/// [`Error::PreconditionFailed`] for another version than the present one.
pub async fn update(
    ctx: &Ctx,
    write: Write<Model>,
    uuid: Uuid,
    input: CustomerInput,
) -> Result<Written<Model>> {
    ctx.require_admin()?;
    ctx.require_if_match()?;
    let changes = input.parse(Mode::Update, ctx.is_admin())?;
    let Changes { status, group_id, full_name, email, password, meta_data } = changes;
    // What is refused needs no hashing; the transaction looks again.
    let mut login = None;
    if meta_data.is_some() {
        let found = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
        ctx.if_match.check(found.ok_or(Error::NotFound("Customer"))?.version)?;
    }
    let password = match password {
        Some(password) => {
            let found = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
            let found = found.ok_or(Error::NotFound("Customer"))?;
            ctx.if_match.check(found.version)?;
            if let Some(email) = &email {
                ensure_email_is_free(ctx.app.db.reader(), email, Some(found.customer_id)).await?;
            }
            login = Some(found.email.key());
            Some(ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?)
        }
        None => None,
    };
    spend!(ctx, write, { metafield::checked(ctx, meta_data.as_ref()).await }, |tx, checked| {
        if let Some(login) = &login {
            throttle::forget(tx, "customer", login).await?;
        }
        ensure_group_exists(tx, group_id).await?;
        let current = find_for_update(tx, uuid).await?;
        ctx.if_match.check(current.version)?;
        let mut row = current.clone().into_active_model();
        if let Some(checked) = checked {
            row.meta_data.set_if_not_equals(checked.in_force(tx).await?);
        }
        set_if_given(&mut row.status, status);
        set_if_given(&mut row.group_id, group_id.map(Some));
        set_if_given(&mut row.full_name, full_name.clone());
        set_if_given(&mut row.email, email.clone());
        set_if_given(&mut row.password, password.clone());
        save(ctx, tx, current, row, None).await
    })
}

/// Deletes a customer with everything that is its own, and tells what it was.
///
/// # Errors
/// [`Error::NotFound`], the second time as well; [`Error::PreconditionFailed`] for another version than the present one.
pub async fn delete(ctx: &Ctx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_admin()?;
    ctx.require_if_match()?;
    let found = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
    let found = found.ok_or(Error::NotFound("Customer"))?;
    spend!(ctx, write, |tx| {
        // The next one with this address starts anew.
        throttle::forget(tx, "customer", &found.email.key()).await?;
        let customer = find_for_update(tx, uuid).await?;
        ctx.if_match.check(customer.version)?;
        journal::erase(ctx, tx, &customer).await?;
        Ok(customer)
    })
}

/// How to find one customer.
#[derive(Clone, Debug)]
pub enum CustomerKey {
    /// By public identifier.
    Uuid(Uuid),
    /// By e-mail address, however it is spelled.
    Email(EmailAddress),
}

/// Finds a customer.
///
/// # Errors
/// Only admins may: [`Error::Unauthenticated`], [`Error::Forbidden`].
pub async fn find(ctx: &Ctx, key: &CustomerKey) -> Result<Option<Model>> {
    ctx.require_admin()?;
    match key {
        CustomerKey::Uuid(uuid) => find_batched(&ctx.app, *uuid).await,
        CustomerKey::Email(email) => Ok(Entity::find_by_address(email).one(ctx.app.db.reader()).await?),
    }
}

/// The customer with this public identifier, looked up together with those that others look for.
pub(super) async fn find_batched(app: &App, uuid: Uuid) -> Result<Option<Model>> {
    let db = app.db.clone();
    let fetch = move |uuids| by_public_id(db.clone(), uuids);
    app.batch_loaders.customers.get(uuid, fetch).await
}

async fn by_public_id(db: Database, uuids: Vec<Uuid>) -> Result<HashMap<Uuid, Model>> {
    let select = Entity::find().filter(customer::Column::Uuid.is_in(pad_to_power_of_two(uuids)));
    Ok(select.all(db.reader()).await?.into_iter().map(|row| (row.uuid, row)).collect())
}

/// Finds a customer that the caller may see: an admin all, a customer itself, others none.
///
/// # Errors
/// Those of the database.
pub async fn find_visible(ctx: &Ctx, uuid: Uuid) -> Result<Option<Model>> {
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => find(ctx, &CustomerKey::Uuid(uuid)).await,
        Caller::Customer { uuid: own, .. } if own == uuid => find_batched(&ctx.app, uuid).await,
        Caller::Customer { .. } | Caller::Anonymous => Ok(None),
    }
}

/// One page of customers.
///
/// # Errors
/// Only admins may: [`Error::Unauthenticated`], [`Error::Forbidden`].
pub async fn list(ctx: &Ctx, query: &ListQuery) -> Result<Vec<Model>> {
    ctx.require_admin()?;
    query.rows::<Entity>(ctx.app.db.lists()).await
}

/// How many customers a query has on all its pages.
///
/// # Errors
/// As [`list`].
pub async fn count(ctx: &Ctx, query: &ListQuery) -> Result<i64> {
    ctx.require_admin()?;
    query.count::<Entity>(ctx.app.db.lists()).await
}

/// Sets a field that is given and differs; one that already has the value counts as unchanged.
fn set_if_given<V>(field: &mut ActiveValue<V>, value: Option<V>)
where
    V: Into<sea_orm::Value> + PartialEq,
{
    if let Some(value) = value {
        field.set_if_not_equals(value);
    }
}

async fn ensure_email_is_free(
    db: &impl ConnectionTrait,
    email: &EmailAddress,
    owner: Option<i32>,
) -> Result<()> {
    let holder = Entity::find_by_address(email)
        .select_only()
        .column(customer::Column::CustomerId)
        .into_tuple()
        .one(db)
        .await?;
    match holder {
        Some(holder) if Some(holder) != owner => Err(Error::EmailTaken),
        _ => Ok(()),
    }
}

/// The group's row is locked: it can't be deleted before the customer is in it, which then would break the
/// foreign key.
async fn ensure_group_exists(tx: &impl ConnectionTrait, group_id: Option<i32>) -> TxResult<()> {
    let Some(id) = group_id else {
        return Ok(());
    };
    match customer_group::Entity::find_by_id(id).lock_shared().one(tx).await? {
        Some(_) => Ok(()),
        None => Err(Error::invalid("group_id", "Group does not exist").into()),
    }
}
