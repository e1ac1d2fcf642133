//! Inserts journal entries in batches. The columns that all entries of a call share are sent once per statement.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, InsertStatement, Query, Value};
use sea_orm::{ActiveEnum, ConnectionTrait};
use serde_json::Value as Json;
use uuid::Uuid;

use super::change::Change;
use crate::app::ctx::{Caller, Ctx};
use crate::db::TxResult;
use crate::entity::journal_entry::{Column, Entity};
use crate::error::{Error, Result};
use crate::types::Actor;

/// The number of entries that one statement inserts: a statement has a limited number of parameters.
const BATCH: usize = 500;

/// The schema version of the data in new entries. Since version 2 the data of an updated customer contains `meta_data`
/// only if it changed, and only its changed fields.
const SCHEMA_VERSION: i16 = 2;

/// The columns that differ between the entries of a statement.
const ENTRY_COLUMNS: [Column; 8] = [
    Column::Uuid,
    Column::Kind,
    Column::CustomerUuid,
    Column::Sequence,
    Column::Record,
    Column::Data,
    Column::Fields,
    Column::Before,
];

/// The columns that all entries of a statement share.
const COMMON_COLUMNS: [Column; 8] = [
    Column::SchemaVersion,
    Column::CreatedAt,
    Column::Actor,
    Column::ActorUuid,
    Column::TokenId,
    Column::IpAddress,
    Column::UserAgent,
    Column::RequestId,
];

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
    insert_with(ctx, tx, &common_values(ctx), entries).await
}

/// Inserts entries of changes that EverShop made at this time.
pub(super) async fn insert_of_shop(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    at: DateTime<Utc>,
    entries: impl IntoIterator<Item = NewEntry>,
) -> TxResult<()> {
    insert_with(ctx, tx, &shop_values(ctx, at), entries).await
}

async fn insert_with(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    common: &[Value],
    entries: impl IntoIterator<Item = NewEntry>,
) -> TxResult<()> {
    let mut entries = entries.into_iter();
    let mut next = || {
        let batch: Vec<EntryValues> =
            entries.by_ref().take(BATCH).map(|entry| entry_values(ctx, entry)).collect();
        if batch.is_empty() { Ok(None) } else { statement(common, batch).map(Some) }
    };
    let mut statement = next()?;
    while let Some(insert) = statement {
        // Builds the next statement while the database executes this one.
        let (inserted, following) = tokio::join!(tx.execute(&insert), async { next() });
        inserted?;
        statement = following?;
    }
    Ok(())
}

/// Inserts one entry and returns its primary key.
pub(super) async fn insert_one(ctx: &Ctx, tx: &impl ConnectionTrait, entry: NewEntry) -> TxResult<i64> {
    let mut insert = statement(&common_values(ctx), vec![entry_values(ctx, entry)])?;
    insert.returning_col(Column::JournalEntryId);
    let inserted =
        tx.query_one(&insert).await?.ok_or_else(|| Error::internal("an entry was not inserted"))?;
    Ok(inserted.try_get("", "journal_entry_id")?)
}

fn statement(common: &[Value], entries: Vec<EntryValues>) -> Result<InsertStatement> {
    let mut rows = Query::select();
    for number in 1..=ENTRY_COLUMNS.len() {
        rows.column(("entry", format!("column{number}")));
    }
    rows.exprs(common.iter().cloned().map(Expr::val)).from_values(entries, "entry");
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(ENTRY_COLUMNS.into_iter().chain(COMMON_COLUMNS));
    insert.select_from(rows).map_err(Error::internal)?;
    Ok(insert)
}

/// The values of [`ENTRY_COLUMNS`].
type EntryValues = (Uuid, Value, Option<Uuid>, Option<i64>, Uuid, Json, Json, Json);

fn entry_values(ctx: &Ctx, entry: NewEntry) -> EntryValues {
    let Change { kind, record, data, fields, before } = entry.change;
    let (customer, sequence) = entry.customer.unzip();
    let uuid = ctx.app.random.uuid();
    (uuid, kind.to_value().into(), customer, sequence, record, data, fields.into(), Json::Object(before))
}

/// The values of [`COMMON_COLUMNS`].
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

/// The values of [`COMMON_COLUMNS`] for a change that EverShop made. Its admins and customers are not known.
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
