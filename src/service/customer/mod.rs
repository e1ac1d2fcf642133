//! Registers, changes, deletes, finds and lists customers.
//!
//! A password is hashed before the transaction starts, because hashing is slow. The checks before the hashing only save
//! work: the transaction repeats them, and the unique index decides on e-mail addresses. A rejected request changes no
//! customer.

mod address_criterion;
mod compare;
mod connection;
mod criterion;
mod filter;
mod filter_json;
mod input;
mod matching;
mod members;
mod metafield_criterion;
mod owned_rows;
mod prepare;
mod profile;
mod reading;
mod search;
mod sign_in_criterion;
mod sort;

use std::collections::HashMap;

use sea_orm::ActiveValue::{self, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use uuid::Uuid;

pub use address_criterion::{AddressCriterion, AddressField};
pub use compare::{Compare, CompareText};
pub use connection::Connection;
pub use criterion::Criterion;
pub use filter::parse as parse_filters;
pub use filter_json::parse_json as parse_json_filter;
pub use input::{Confirmation, CustomerInput, ProfileInput};
pub(super) use input::{parse_full_name, parse_group_id, parse_status};
pub(super) use matching::{matching_after, most_addresses, newest_matching};
pub use members::{MAX_MEMBERS, Members, of_groups};
pub use metafield_criterion::{CompareMetafield, MetafieldCriterion};
pub use profile::{delete_own, update_own};
pub use search::{is_indexed as search_is_indexed, sample_trigrams};
pub use sign_in_criterion::SignInCriterion;
pub use sort::{Sort, SortField};

use crate::app::App;
use crate::app::ctx::{AdminCtx, Caller, Ctx, SteppedUpCtx};
use crate::app::write::{Write, Written};
use crate::db::batch_loader::pad_to_power_of_two;
use crate::db::lookup_texts::LookupTexts;
use crate::db::{Database, TxResult};
use crate::entity::customer::{self, ActiveModel, Entity, Model};
use crate::entity::customer_row::CustomerRow;
use crate::entity::{PublicId, customer_group};
use crate::error::{Error, Result};
use crate::service::account::{enqueue_verification_mail, insert_metafield_values, save, search_text_of};
use crate::service::input::patch::{Mode, expect_value};
use crate::service::journal::{self, Change, CustomerSequence, snapshot};
use crate::service::query::lock::find_for_update;
use crate::service::query::page::ListQuery;
use crate::service::{login_attempts, metafield};
use crate::spend;
use crate::types::{Audience, CustomerStatus, EmailAddress, EventKind};

use input::Changes;

/// Registers a customer. Every caller may register; only an admin may set `status`, `group_id` and `meta_data`.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, [`Error::EmailTaken`], [`Error::RateLimited`].
pub async fn create(ctx: &Ctx, write: Write<Model>, input: CustomerInput) -> Result<Written<Model>> {
    let changes = input.parse(ctx, Mode::Create)?;
    let Changes { status, group_id, full_name, email, password, meta_data } = changes;
    let (full_name, email) = (expect_value(full_name)?, expect_value(email)?);
    let password = expect_value(password)?;
    login_attempts::count_registration(ctx).await?;
    // This check only saves the hashing for a taken address; the unique index decides.
    ensure_email_is_free(ctx.app.db.reader(), &email, None).await?;
    let password = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    let now = ctx.app.clock.now();
    let mut customer = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        status: Set(status.unwrap_or(CustomerStatus::Enabled)),
        group_id: Set(Some(group_id.unwrap_or(customer_group::DEFAULT_GROUP_ID))),
        search_text: Set(search_text_of(&full_name, &email, [])),
        email: Set(email),
        password: Set(password),
        full_name: Set(full_name),
        created_at: Set(now),
        updated_at: Set(now),
        meta_data: Set(serde_json::json!({})),
        metafields_indexed: Set(true),
        version: Set(1),
        token_generation: Set(0),
        event_sequence: Set(1),
        ..Default::default()
    };
    customer.derive_keys();
    spend!(ctx, write, { metafield::check_meta_data(ctx, meta_data.as_ref()).await }, |tx, checked| {
        ensure_group_exists(tx, group_id).await?;
        let mut customer = customer.clone();
        if let Some(checked) = checked {
            customer.meta_data = Set(checked.if_unchanged(tx).await?);
        }
        let customer = customer.insert(tx).await?;
        insert_metafield_values(tx, &[(customer.customer_id, &customer.meta_data)]).await?;
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
    .inspect(|_| ctx.app.metrics.accounts.registered(ctx.is_admin()))
}

/// Changes a customer. If no value differs, `version` and `updated_at` stay as they are.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] with all problems of the input, [`Error::EmailTaken`],
/// [`Error::StepUpRequired`] for a password or another e-mail address, [`Error::PreconditionFailed`] if `If-Match` names a version other than the
/// current one.
pub async fn update(
    ctx: &AdminCtx,
    write: Write<Model>,
    uuid: Uuid,
    input: CustomerInput,
) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    let changes = input.parse(ctx, Mode::Update)?;
    let Changes { status, group_id, full_name, email, password, meta_data } = changes;
    if password.is_some() {
        ctx.stepped_up()?;
    }
    // Reject invalid requests before the expensive hashing; the transaction repeats these checks.
    let mut login = None;
    if meta_data.is_some() {
        let stored = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
        ctx.if_match.check(stored.ok_or(Error::NotFound(Entity::NOUN))?.version)?;
    }
    let password = match password {
        Some(password) => {
            let stored = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
            let stored = stored.ok_or(Error::NotFound(Entity::NOUN))?;
            ctx.if_match.check(stored.version)?;
            if let Some(email) = &email {
                ensure_email_is_free(ctx.app.db.reader(), email, Some(stored.customer_id)).await?;
            }
            login = Some(stored.email.key());
            Some(ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?)
        }
        None => None,
    };
    spend!(ctx, write, { metafield::check_meta_data(ctx, meta_data.as_ref()).await }, |tx, checked| {
        if let Some(login) = &login {
            login_attempts::reset_failures(tx, Audience::Customer, login).await?;
        }
        ensure_group_exists(tx, group_id).await?;
        let current = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(current.version)?;
        let mut row = current.clone().into_active_model();
        if let Some(checked) = checked {
            row.meta_data.set_if_not_equals(checked.if_unchanged(tx).await?);
        }
        set_if_given(&mut row.status, status);
        set_if_given(&mut row.group_id, group_id.map(Some));
        set_if_given(&mut row.full_name, full_name.clone());
        set_if_given(&mut row.email, email.clone());
        if row.email.is_set() {
            // A link to set a new password could be sent there.
            ctx.stepped_up()?;
        }
        set_if_given(&mut row.password, password.clone());
        save(ctx, tx, current, row, None).await
    })
}

/// Deletes a customer with all its data and returns the deleted row.
///
/// # Errors
/// [`Error::NotFound`], also for a customer that is already deleted; [`Error::PreconditionFailed`] if `If-Match`
/// names a version other than the current one.
pub async fn delete(ctx: &SteppedUpCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    let stored = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
    let stored = stored.ok_or(Error::NotFound(Entity::NOUN))?;
    spend!(ctx, write, |tx| {
        // The next customer with this address starts without failed login attempts.
        login_attempts::reset_failures(tx, Audience::Customer, &stored.email.key()).await?;
        let customer = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(customer.version)?;
        journal::erase(ctx, tx, &customer).await?;
        Ok(customer)
    })
}

/// A unique key of a customer.
#[derive(Clone, Debug)]
pub enum CustomerKey {
    /// The public identifier.
    Uuid(Uuid),
    /// The e-mail address, compared by its key: spelling and case do not matter.
    Email(EmailAddress),
}

/// Finds a customer by public identifier or e-mail address.
pub async fn find(ctx: &AdminCtx, key: &CustomerKey) -> Result<Option<CustomerRow>> {
    match key {
        CustomerKey::Uuid(uuid) => find_batched(&ctx.app, *uuid).await,
        CustomerKey::Email(email) => {
            let select = CustomerRow::select().filter(customer::Column::EmailKey.eq(email.key()));
            Ok(select.into_model().one(ctx.app.db.reader()).await?)
        }
    }
}

/// Finds a customer by public identifier; concurrent calls share one query.
pub(super) async fn find_batched(app: &App, uuid: Uuid) -> Result<Option<CustomerRow>> {
    let db = app.db.clone();
    let fetch = move |uuids| by_public_id(db.clone(), uuids);
    app.batch_loaders.customers.get(uuid, fetch).await
}

/// The customers with these primary keys.
pub async fn by_ids(ctx: &AdminCtx, ids: &[i32]) -> Result<Vec<CustomerRow>> {
    let ids = pad_to_power_of_two(ids.to_vec());
    let select = CustomerRow::select().filter(customer::Column::CustomerId.is_in(ids));
    Ok(select.into_model().all(ctx.app.db.reader()).await?)
}

async fn by_public_id(db: Database, uuids: Vec<Uuid>) -> Result<HashMap<Uuid, CustomerRow>> {
    static TEXTS: LookupTexts = LookupTexts::new();
    let statement = TEXTS.statement(db.backend(), pad_to_power_of_two(uuids), |uuids| {
        CustomerRow::select().filter(customer::Column::Uuid.is_in(uuids))
    });
    let rows = CustomerRow::find_by_statement(statement).all(db.reader()).await?;
    Ok(rows.into_iter().map(|row| (row.uuid, row)).collect())
}

/// Finds a customer that the caller may see. An admin may see every customer, a customer only itself, an anonymous
/// caller none.
pub async fn find_visible(ctx: &Ctx, uuid: Uuid) -> Result<Option<CustomerRow>> {
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => find_batched(&ctx.app, uuid).await,
        Caller::Customer { uuid: own, .. } if own == uuid => find_batched(&ctx.app, uuid).await,
        Caller::Customer { .. } | Caller::UnenrolledAdmin { .. } | Caller::Anonymous => Ok(None),
    }
}

/// Returns one page of customers.
pub async fn list(ctx: &AdminCtx, query: &ListQuery) -> Result<Vec<CustomerRow>> {
    query.rows_of(CustomerRow::select(), ctx).await
}

/// Counts the customers on all pages of a query.
pub async fn count(ctx: &AdminCtx, query: &ListQuery) -> Result<i64> {
    query.count::<Entity>(ctx).await
}

/// Sets a field if the input has a value for it. A field that already has this value stays unchanged.
fn set_if_given<V>(field: &mut ActiveValue<V>, value: Option<V>)
where
    V: Into<sea_orm::Value> + PartialEq,
{
    if let Some(value) = value {
        field.set_if_not_equals(value);
    }
}

/// Fails with [`Error::EmailTaken`] if a customer other than `owner` has this address.
async fn ensure_email_is_free(
    db: &impl ConnectionTrait,
    email: &EmailAddress,
    owner: Option<i32>,
) -> Result<()> {
    let owner_of_email = Entity::find_by_address(email)
        .select_only()
        .column(customer::Column::CustomerId)
        .into_tuple()
        .one(db)
        .await?;
    match owner_of_email {
        Some(id) if Some(id) != owner => Err(Error::EmailTaken),
        _ => Ok(()),
    }
}

/// Checks that the group exists and locks its row, so that it can't be deleted before the customer is assigned to it;
/// that would violate the foreign key.
pub(super) async fn ensure_group_exists(tx: &impl ConnectionTrait, group_id: Option<i32>) -> TxResult<()> {
    let Some(id) = group_id else {
        return Ok(());
    };
    match customer_group::Entity::find_by_id(id).lock_shared().one(tx).await? {
        Some(_) => Ok(()),
        None => Err(Error::invalid("group_id", "Group does not exist").into()),
    }
}
