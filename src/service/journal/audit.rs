//! The audit trail for admins: journal entries with their actor, newest first. It is read directly from the journal,
//! with filters that use the indexes of the table.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::feed::kinds;
use crate::app::ctx::{AdminCtx, Ctx, NO_REQUEST};
use crate::entity::journal_entry::{Column, Entity, Model};
use crate::error::Result;
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, NumberColumn};
use crate::types::Actor;

/// The filters of the audit trail. An entry has to match all of them.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Event filters, such as `customer.updated` or `customer.*`.
    pub actions: Option<Vec<String>>,
    /// The kind of caller that made the change.
    pub actor: Option<Actor>,
    /// The account that made the change.
    pub actor_uuid: Option<Uuid>,
    /// The customer whose data changed.
    pub customer: Option<Uuid>,
    /// The record that changed.
    pub record: Option<Uuid>,
    /// The request that made the change.
    pub request_id: Option<String>,
    /// The start of the period, inclusive.
    pub since: Option<DateTime<Utc>>,
    /// The end of the period, exclusive.
    pub until: Option<DateTime<Utc>>,
}

/// A query of the audit trail. [`Listing::page`] returns its entries.
pub type AuditPage = Listing<Entity>;

/// Parses a query of the audit trail.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for an invalid filter, count or cursor.
pub async fn audit(ctx: &AdminCtx, window: &Window, filter: &AuditFilter) -> Result<AuditPage> {
    let AuditFilter { actions, actor, actor_uuid, customer, record, request_id, since, until } = filter;
    let actions = actions.as_ref().map(|actions| kinds("actions", actions)).transpose()?;
    let record = match record {
        Some(uuid) => Some(matches_record(ctx, *uuid).await?),
        None => None,
    };
    // PostgreSQL rejects a parameter with NUL. No stored identifier contains NUL or the replacement.
    let request_id = request_id.as_ref().map(|id| id.replace('\0', "?"));
    let condition = Condition::all()
        .add_option(actions.map(|kinds| Column::Kind.is_in(kinds)))
        .add_option(actor.map(|actor| Column::Actor.eq(actor)))
        .add_option(actor_uuid.map(|uuid| Column::ActorUuid.eq(uuid)))
        .add_option(customer.map(|uuid| Column::CustomerUuid.eq(uuid)))
        .add_option(record)
        .add_option(request_id.map(|id| matches_request(&id)))
        .add_option(since.map(|since| Column::CreatedAt.gte(since)))
        .add_option(until.map(|until| Column::CreatedAt.lt(until)));
    let value = |entry: &Model| entry.journal_entry_id;
    let number = NumberColumn { name: "ENTRY", column: Column::JournalEntryId, value };
    Listing::parse(number, true, window, condition)
}

/// Matches the entries of a record, with the predicate of a partial index. That index omits entries whose record is a
/// customer; those are found by the customer.
async fn matches_record(ctx: &Ctx, uuid: Uuid) -> Result<Condition> {
    let of_customer =
        Entity::find().select_only().column(Column::JournalEntryId).filter(Column::CustomerUuid.eq(uuid));
    let is_customer = of_customer.into_tuple::<i64>().one(ctx.app.db.reader()).await?.is_some();
    let condition = Condition::all().add(Column::Record.eq(uuid));
    Ok(if is_customer {
        condition.add(Column::CustomerUuid.eq(uuid))
    } else {
        condition.add(Expr::cust(r#""record" IS DISTINCT FROM "customer_uuid""#))
    })
}

/// Matches the entries of a request, with the predicate of a partial index. That index omits the entries of commands
/// and jobs.
fn matches_request(id: &str) -> Condition {
    let condition = Condition::all().add(Column::RequestId.eq(id));
    if id == NO_REQUEST {
        return condition;
    }
    condition.add(Expr::cust(format!(r#""request_id" <> '{NO_REQUEST}'"#)))
}
