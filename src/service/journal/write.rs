//! Entries on their way into the table.

use sea_orm::sea_query::{Expr, InsertStatement, Query, Value};
use sea_orm::{ActiveEnum, ConnectionTrait};
use serde_json::Value as Json;
use uuid::Uuid;

use super::Change;
use crate::app::ctx::{Caller, Ctx};
use crate::db::TxResult;
use crate::entity::journal_entry::{Column, Entity};
use crate::error::{Error, Result};
use crate::types::Actor;

/// Entries that one statement inserts: a statement has a limited number of parameters.
const ENTRIES: usize = 500;

/// The form of the data of events that are written today. Since 2 that of a changed customer has `meta_data` only when it
/// changed, and of it only the fields that did.
const SCHEMA_VERSION: i16 = 2;

/// What is of an entry alone.
const OWN: [Column; 8] = [
    Column::Uuid,
    Column::Kind,
    Column::CustomerUuid,
    Column::Sequence,
    Column::Record,
    Column::Data,
    Column::Fields,
    Column::Before,
];

/// What entries that are written together have in common.
const COMMON: [Column; 8] = [
    Column::SchemaVersion,
    Column::CreatedAt,
    Column::Actor,
    Column::ActorUuid,
    Column::TokenId,
    Column::IpAddress,
    Column::UserAgent,
    Column::RequestId,
];

/// An entry that is to be written.
pub(super) struct Entry {
    /// The customer it is about, and which of its entries it is.
    pub(super) of: Option<(Uuid, i64)>,
    /// What it says.
    pub(super) change: Change,
}

/// Inserts entries of what this caller did. What they have in common is sent once: an import has very many of them.
pub(super) async fn insert(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    entries: impl IntoIterator<Item = Entry>,
) -> TxResult<()> {
    let common = common(ctx);
    let mut entries = entries.into_iter();
    let mut next = || {
        let some: Vec<Own> = entries.by_ref().take(ENTRIES).map(|entry| own(ctx, entry)).collect();
        if some.is_empty() { Ok(None) } else { statement(&common, some).map(Some) }
    };
    let mut statement = next()?;
    while let Some(insert) = statement {
        // The next one is made while the database works on this one.
        let (inserted, following) = tokio::join!(tx.execute(&insert), async { next() });
        inserted?;
        statement = following?;
    }
    Ok(())
}

fn statement(common: &[Value], entries: Vec<Own>) -> Result<InsertStatement> {
    let mut rows = Query::select();
    for number in 1..=OWN.len() {
        rows.column(("entry", format!("column{number}")));
    }
    rows.exprs(common.iter().cloned().map(Expr::val)).from_values(entries, "entry");
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(OWN.into_iter().chain(COMMON));
    insert.select_from(rows).map_err(Error::internal)?;
    Ok(insert)
}

/// The values of the columns of an entry alone.
type Own = (Uuid, Value, Option<Uuid>, Option<i64>, Uuid, Json, Json, Json);

fn own(ctx: &Ctx, entry: Entry) -> Own {
    let Change { kind, record, data, fields, before } = entry.change;
    let (customer, sequence) = entry.of.unzip();
    let uuid = ctx.app.random.uuid();
    (uuid, kind.to_value().into(), customer, sequence, record, data, fields.into(), Json::Object(before))
}

/// The values of the columns that they have in common.
fn common(ctx: &Ctx) -> [Value; 8] {
    let (actor, actor_uuid) = match ctx.caller {
        Caller::Anonymous => (Actor::Anonymous, None),
        Caller::Customer { uuid, .. } => (Actor::Customer, Some(uuid)),
        Caller::Admin { uuid, .. } => (Actor::Admin, Some(uuid)),
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
