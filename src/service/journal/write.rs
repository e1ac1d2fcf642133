//! Inserts journal entries in batches. The values that the entries of a statement share are sent once: those of the caller, and the
//! kind and the fields of changes that are alike, such as those of an import.
//!
//! The statement is text and not built by sea-query, which would copy the values.

use std::fmt::Write;
use std::iter::Peekable;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Value;
use sea_orm::{ActiveEnum, ConnectionTrait, Statement};
use serde_json::Value as Json;
use uuid::Uuid;

use super::change::Change;
use crate::app::ctx::{Caller, Ctx};
use crate::db::TxResult;
use crate::error::Error;
use crate::types::Actor;

/// The number of entries that one statement inserts: a statement has a limited number of parameters.
const BATCH: usize = 500;

/// The schema version of the data in new entries. Since version 2 the data of an updated customer contains `meta_data`
/// only if it changed, and only its changed fields.
const SCHEMA_VERSION: i16 = 2;

/// The start of the statement. Its first columns are shared by all entries of the statement, the last are those of
/// [`entry_values`].
const INSERT: &str = r#"INSERT INTO "journal_entry" ("schema_version", "created_at", "actor", "actor_uuid", "token_id",
"ip_address", "user_agent", "request_id", "kind", "fields", "before", "uuid", "customer_uuid", "sequence", "record", "data",
"position")
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "column1", "column2", "column3", "column4", "column5", "column6"
FROM (VALUES "#;
/// The number of columns that all entries of a statement share.
const SHARED: usize = 11;
/// The number of columns of each entry.
const COLUMNS: usize = 6;

/// A new journal entry.
pub(super) struct NewEntry {
    /// The customer, and the sequence number of the entry among the customer's entries.
    pub(super) customer: Option<(Uuid, i64)>,
    pub(super) change: Change,
}

/// Inserts entries with the caller of `ctx` as their actor. An import inserts very many entries.
pub(super) async fn insert(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    entries: impl IntoIterator<Item = NewEntry>,
) -> TxResult<()> {
    insert_with(ctx, tx, &common_values(ctx), None, entries).await
}

/// As [`insert`], with positions from this one on, if they are reserved.
pub(super) async fn insert_at(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    position: Option<i64>,
    entries: impl IntoIterator<Item = NewEntry>,
) -> TxResult<()> {
    insert_with(ctx, tx, &common_values(ctx), position, entries).await
}

/// Inserts entries of changes that EverShop made at this time.
pub(super) async fn insert_of_shop(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    at: DateTime<Utc>,
    entries: impl IntoIterator<Item = NewEntry>,
) -> TxResult<()> {
    insert_with(ctx, tx, &shop_values(ctx, at), None, entries).await
}

async fn insert_with(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    common: &[Value],
    mut position: Option<i64>,
    entries: impl IntoIterator<Item = NewEntry>,
) -> TxResult<()> {
    let mut entries = entries.into_iter().peekable();
    let mut next = || Some(statement(ctx, tx, common, &mut position, entries.next()?, &mut entries));
    let mut following = next();
    while let Some(insert) = following {
        // Builds the next statement while the database executes this one.
        let (inserted, built) = tokio::join!(tx.execute_raw(insert), async { next() });
        inserted?;
        following = built;
    }
    Ok(())
}

/// Inserts one entry and returns its primary key.
pub(super) async fn insert_one(ctx: &Ctx, tx: &impl ConnectionTrait, entry: NewEntry) -> TxResult<i64> {
    let mut insert =
        statement(ctx, tx, &common_values(ctx), &mut None, entry, &mut std::iter::empty().peekable());
    insert.sql.push_str(r#" RETURNING "journal_entry_id""#);
    let inserted =
        tx.query_one_raw(insert).await?.ok_or_else(|| Error::internal("an entry was not inserted"))?;
    Ok(inserted.try_get("", "journal_entry_id")?)
}

/// The statement that inserts the first entry and those that follow with the same kind, fields and previous values.
fn statement(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    common: &[Value],
    position: &mut Option<i64>,
    first: NewEntry,
    following: &mut Peekable<impl Iterator<Item = NewEntry>>,
) -> Statement {
    let NewEntry { customer, change: Change { kind, record, data, fields, before } } = first;
    let mut entries = vec![entry_values(ctx, customer, record, data, take_position(position))];
    let is_alike = |entry: &NewEntry| {
        let Change { kind: other, fields: other_fields, before: other_before, .. } = &entry.change;
        *other == kind && *other_fields == fields && *other_before == before
    };
    while entries.len() < BATCH
        && let Some(NewEntry { customer, change }) = following.next_if(is_alike)
    {
        let position = take_position(position);
        entries.push(entry_values(ctx, customer, change.record, change.data, position));
    }
    let shared: [Value; 3] = [kind.to_value().into(), Json::from(fields).into(), Json::Object(before).into()];
    let sql = text(entries.len());
    let mut values = Vec::with_capacity(SHARED + COLUMNS * entries.len());
    values.extend_from_slice(common);
    values.extend(shared);
    values.extend(entries.into_iter().flatten());
    Statement::from_sql_and_values(tx.get_database_backend(), sql, values)
}

/// The text of the statement that inserts this number of entries.
fn text(entries: usize) -> String {
    let mut sql = INSERT.to_owned();
    for entry in 0..entries {
        let first = SHARED + COLUMNS * entry + 1;
        let start = if entry == 0 { "(" } else { ", (" };
        sql.push_str(start);
        for column in 0..COLUMNS {
            let separator = if column == 0 { "" } else { ", " };
            // Writing to a text can't fail.
            let _written = write!(sql, "{separator}${}", first + column);
        }
        sql.push(')');
    }
    sql.push_str(r#") AS "entry""#);
    sql
}

/// The values of the columns that differ between entries.
fn entry_values(
    ctx: &Ctx,
    customer: Option<(Uuid, i64)>,
    record: Uuid,
    data: Json,
    position: Option<i64>,
) -> [Value; COLUMNS] {
    let (customer, sequence) = customer.unzip();
    let uuid = ctx.app.random.uuid();
    [uuid.into(), customer.into(), sequence.into(), record.into(), data.into(), position.into()]
}

/// The position of the next entry, if positions are reserved.
fn take_position(position: &mut Option<i64>) -> Option<i64> {
    let taken = (*position)?;
    *position = Some(taken + 1);
    Some(taken)
}

/// The values of the columns that all entries of a caller share.
fn common_values(ctx: &Ctx) -> [Value; 8] {
    let (actor, actor_uuid) = match ctx.caller {
        Caller::Anonymous => (Actor::Anonymous, None),
        Caller::Customer { uuid, .. } => (Actor::Customer, Some(uuid)),
        Caller::Admin { uuid, .. } | Caller::UnenrolledAdmin { uuid, .. } => (Actor::Admin, Some(uuid)),
        Caller::System => (Actor::System, None),
    };
    [
        SCHEMA_VERSION.into(),
        ctx.app.clock.now().into(),
        actor.to_value().into(),
        actor_uuid.into(),
        ctx.token_id.into(),
        ctx.ip.map(|ip| ip.to_string()).into(),
        ctx.client_name().into(),
        ctx.request_id.clone().into(),
    ]
}

/// The same for a change that EverShop made. Its admins and customers are not known.
fn shop_values(ctx: &Ctx, at: DateTime<Utc>) -> [Value; 8] {
    [
        SCHEMA_VERSION.into(),
        at.into(),
        Actor::Shop.to_value().into(),
        None::<Uuid>.into(),
        None::<Uuid>.into(),
        None::<String>.into(),
        None::<String>.into(),
        ctx.request_id.clone().into(),
    ]
}
