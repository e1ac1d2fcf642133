//! Computes derived columns of rows that another program (EverShop) inserted or changed, or that are older than a column:
//! the keys of e-mail addresses and group names, the search text and the last login of customers, the keys of addresses,
//! and the copies of custom fields.
//!
//! A customer without `search_text` has not been processed yet. A customer with `search_text` but without a key has
//! an e-mail address that is not valid or that another customer has. Such a row is logged once per start, and
//! computing its key is retried periodically.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::{admin_user, customer, customer_address, customer_group, customer_session};
use crate::error::{Error, Result};
use crate::service::account::{self, StartedSession, search_text_of};
use crate::transact;
use crate::types::{EmailAddress, fold};

/// Maximum number of rows per transaction, so that other writers don't wait long.
const BATCH: u64 = 200;
/// Maximum number of rows that are remembered as logged. When it is reached, rows may be logged again.
const MAX_REPORTED: usize = 10_000;

/// The logged reason of a customer or admin whose e-mail address has another owner.
const ADDRESS_TAKEN: &str = "another row has its e-mail address";
/// The logged reason of a group whose name another group has.
const NAME_TAKEN: &str = "another group has its name";

/// The columns of a customer that the derived columns are computed from.
type CustomerSource = (i32, Uuid, String, EmailAddress);

/// Computes the derived columns of a batch of customers, addresses, admins and groups that lack them. Returns whether
/// there may be more such customers, addresses or sessions.
pub async fn compute_missing(ctx: &AdminCtx) -> Result<bool> {
    // The condition must be exactly that of the partial index.
    let rows = customers(ctx, Expr::cust("search_text = ''"), 0).await?;
    compute_customers(ctx, &rows, true).await?;
    compute_admins(ctx).await?;
    compute_groups(ctx).await?;
    let has_addresses = compute_addresses(ctx).await?;
    let has_metafields = compute_metafields(ctx).await?;
    let has_sign_ins = compute_sign_ins(ctx).await?;
    Ok(!rows.is_empty() || has_addresses || has_metafields || has_sign_ins)
}

/// Tries again to compute the keys of customers whose e-mail address was not valid or had another owner.
pub async fn retry_missing(ctx: &AdminCtx) -> Result<()> {
    let mut after = 0;
    loop {
        let rows = customers(ctx, Expr::cust("email_key IS NULL"), after).await?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = *last;
        compute_customers(ctx, &rows, false).await?;
    }
}

async fn customers(ctx: &Ctx, missing: Expr, after: i32) -> Result<Vec<CustomerSource>> {
    use customer::Column::{CustomerId, Email, FullName, Uuid};
    let select = customer::Entity::find().select_only().columns([CustomerId, Uuid, FullName, Email]);
    let select = select.filter(missing).filter(CustomerId.gt(after));
    Ok(select.order_by_asc(CustomerId).limit(BATCH).into_tuple().all(ctx.app.db.reader()).await?)
}

/// `include_keyless`: also update customers that get no key.
async fn compute_customers(ctx: &Ctx, rows: &[CustomerSource], include_keyless: bool) -> Result<()> {
    use customer::Column::{CustomerId, Email, FullName};
    let key =
        |(.., email): &CustomerSource| EmailAddress::parse(email.as_str()).ok().map(|email| email.key());
    let keys: Vec<Option<String>> = rows.iter().map(key).collect();
    let mut owners = owners(ctx, keys.iter().flatten().cloned().collect()).await?;
    let mut changes = Vec::new();
    for ((id, uuid, full_name, email), key) in rows.iter().zip(keys) {
        let mut row = customer::ActiveModel {
            // Clears the value of a previous address.
            email_unicode: Set(None),
            ..Default::default()
        };
        match key {
            None => report(ctx, "customer", *uuid, "its e-mail address is not valid"),
            Some(key) if *owners.entry(key.clone()).or_insert(*id) != *id => {
                report(ctx, "customer", *uuid, ADDRESS_TAKEN);
            }
            Some(key) => {
                row.email_key = Set(Some(key));
                row.email_unicode = Set(email.unicode_key());
            }
        }
        if include_keyless || row.email_key.is_set() {
            changes.push((row, *id, full_name, email));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let ids: Vec<i32> = changes.iter().map(|(_, id, ..)| *id).collect();
    let written = transact!(ctx.app.db, |tx| {
        // Locked, so that a change of an address does not get lost.
        let lock = customer::Entity::find().select_only().column(CustomerId).order_by_asc(CustomerId);
        let lock = lock.filter(CustomerId.is_in(ids.iter().copied())).lock_exclusive();
        lock.into_tuple::<i32>().all(tx).await?;
        let addresses = account::addresses_of(tx, &ids).await?;
        for (row, id, full_name, email) in &changes {
            let mut row = row.clone();
            let addresses = addresses.get(id).map_or(&[][..], Vec::as_slice);
            let addresses = addresses.iter().map(customer_address::Model::texts);
            row.search_text = Set(search_text_of(full_name, email, addresses));
            let update = customer::Entity::update_many().set(row).filter(CustomerId.eq(*id));
            // Skip a row that has changed since it was read; its columns are derived from the new values.
            let update = update.filter(Email.eq((*email).clone())).filter(FullName.eq((*full_name).clone()));
            update.exec(tx).await?;
        }
        Ok(())
    });
    match written {
        // A customer has registered with one of the addresses since they were read. The next run finds that customer.
        Err(Error::EmailTaken) => Ok(()),
        written => written,
    }
}

/// Reads the primary key of the customer that has each of these e-mail keys.
async fn owners(ctx: &Ctx, keys: Vec<String>) -> Result<HashMap<String, i32>> {
    use customer::Column::{CustomerId, EmailKey};
    let select = customer::Entity::find().select_only().columns([EmailKey, CustomerId]);
    let rows = select.filter(EmailKey.is_in(keys)).into_tuple().all(ctx.app.db.reader()).await?;
    Ok(rows.into_iter().collect())
}

/// Computes the keys of a batch of addresses, and adds them to the search texts of their customers. Returns whether there
/// may be more such addresses.
async fn compute_addresses(ctx: &Ctx) -> Result<bool> {
    use customer_address::Column::CustomerId;
    let select = customer_address::Entity::find().select_only().column(CustomerId);
    // The condition must be exactly that of the partial index.
    let select = select.filter(Expr::cust("city_key IS NULL")).order_by_asc(CustomerId).limit(BATCH);
    let mut ids: Vec<i32> = select.into_tuple().all(ctx.app.db.reader()).await?;
    // All addresses of these customers are processed.
    ids.dedup();
    if ids.is_empty() {
        return Ok(false);
    }
    transact!(ctx.app.db, |tx| { account::index_addresses(tx, &ids).await })?;
    Ok(true)
}

/// Copies the values of custom fields of a batch of customers. Returns whether there may be more such customers.
async fn compute_metafields(ctx: &Ctx) -> Result<bool> {
    use customer::Column::CustomerId;
    let select = customer::Entity::find().select_only().column(CustomerId);
    // The condition must be exactly that of the partial index.
    let select = select.filter(Expr::cust("NOT metafields_indexed AND meta_data <> '{}'"));
    let ids: Vec<i32> =
        select.order_by_asc(CustomerId).limit(BATCH).into_tuple().all(ctx.app.db.reader()).await?;
    if ids.is_empty() {
        return Ok(false);
    }
    transact!(ctx.app.db, |tx| { account::index_metafields(tx, &ids).await })?;
    Ok(true)
}

/// Records the logins that started a batch of sessions. Returns whether there may be more such sessions.
async fn compute_sign_ins(ctx: &Ctx) -> Result<bool> {
    use customer_session::Column::{CreatedAt, CustomerId, CustomerSessionId};
    let select = customer_session::Entity::find().select_only();
    let select = select.columns([CustomerSessionId, CustomerId, CreatedAt]);
    // The condition must be exactly that of the partial index.
    let select =
        select.filter(Expr::cust("NOT sign_in_recorded")).order_by_asc(CustomerSessionId).limit(BATCH);
    let sessions: Vec<StartedSession> = select.into_tuple().all(ctx.app.db.reader()).await?;
    if sessions.is_empty() {
        return Ok(false);
    }
    transact!(ctx.app.db, |tx| { account::record_sign_ins(tx, &sessions).await })?;
    Ok(true)
}

async fn compute_admins(ctx: &Ctx) -> Result<()> {
    use admin_user::Column::{AdminUserId, Email, EmailKey};
    // The newest rows, so that rows without a valid key don't block new ones. Of two rows with the same address, the
    // older one gets the key.
    let select = admin_user::Entity::find().filter(EmailKey.is_null()).order_by_desc(AdminUserId);
    for admin in select.limit(BATCH).all(ctx.app.db.reader()).await?.into_iter().rev() {
        let Ok(email) = EmailAddress::parse_local(admin.email.as_str()) else {
            report(ctx, "admin", admin.uuid, "its e-mail address is not valid");
            continue;
        };
        // This check needs no transaction, because every run repeats it.
        let owner = admin_user::Entity::find_by_address(&email);
        if owner.one(ctx.app.db.reader()).await?.is_some() {
            report(ctx, "admin", admin.uuid, ADDRESS_TAKEN);
            continue;
        }
        let row = admin_user::ActiveModel { email_key: Set(Some(email.key())), ..Default::default() };
        let written = transact!(ctx.app.db, |tx| {
            let update = admin_user::Entity::update_many()
                .set(row.clone())
                .filter(AdminUserId.eq(admin.admin_user_id));
            update.filter(Email.eq(admin.email.clone())).exec(tx).await?;
            Ok(())
        });
        match written {
            Err(Error::EmailTaken) => report(ctx, "admin", admin.uuid, ADDRESS_TAKEN),
            written => written?,
        }
    }
    Ok(())
}

async fn compute_groups(ctx: &Ctx) -> Result<()> {
    use customer_group::Column::{CustomerGroupId, GroupName, NameKey};
    let select = customer_group::Entity::find().filter(NameKey.is_null()).order_by_desc(CustomerGroupId);
    for group in select.limit(BATCH).all(ctx.app.db.reader()).await?.into_iter().rev() {
        let key = fold(&group.group_name);
        let owner = customer_group::Entity::find().filter(NameKey.eq(&key));
        if owner.one(ctx.app.db.reader()).await?.is_some() {
            report(ctx, "customer group", group.uuid, NAME_TAKEN);
            continue;
        }
        let row = customer_group::ActiveModel { name_key: Set(Some(key)), ..Default::default() };
        let written = transact!(ctx.app.db, |tx| {
            let update = customer_group::Entity::update_many().set(row.clone());
            let update = update.filter(CustomerGroupId.eq(group.customer_group_id));
            update.filter(GroupName.eq(group.group_name.clone())).exec(tx).await?;
            Ok(())
        });
        match written {
            Err(Error::Conflict(_)) => report(ctx, "customer group", group.uuid, NAME_TAKEN),
            written => written?,
        }
    }
    Ok(())
}

/// Logs a row whose key can't be computed, once per start.
fn report(ctx: &Ctx, table: &'static str, row: Uuid, reason: &'static str) {
    let mut reported = ctx.app.logged_rows.lock();
    if reported.len() >= MAX_REPORTED {
        *reported = HashSet::new();
    }
    if reported.insert(row) {
        tracing::warn!(table, %row, reason, "a row written by another program has no key; an account without one can't log in");
    }
}
