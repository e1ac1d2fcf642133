//! The audit trail: who did what to what, the latest first.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::feed::kinds;
use crate::app::ctx::{Ctx, NO_REQUEST};
use crate::entity::journal_entry::{Column, Entity, Model};
use crate::error::Result;
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, Number};
use crate::types::Actor;

/// Which entries are wanted: those that meet all of these.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// What was done: `customer.updated`, `customer.*`.
    pub actions: Option<Vec<String>>,
    /// What kind of caller did it.
    pub actor: Option<Actor>,
    /// Which one did it.
    pub actor_uuid: Option<Uuid>,
    /// To whom it was done.
    pub customer: Option<Uuid>,
    /// To which record it was done.
    pub record: Option<Uuid>,
    /// By which request.
    pub request_id: Option<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Until before when.
    pub until: Option<DateTime<Utc>>,
}

/// A part of the audit trail.
pub type AuditPage = Listing<Entity>;

/// Reads which part of the audit trail an admin wants.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid); only admins may; those of the database.
pub async fn audit(ctx: &Ctx, window: &Window, filter: &AuditFilter) -> Result<AuditPage> {
    ctx.require_admin()?;
    let AuditFilter { actions, actor, actor_uuid, customer, record, request_id, since, until } = filter;
    let actions = actions.as_ref().map(|actions| kinds("actions", actions)).transpose()?;
    let record = match record {
        Some(uuid) => Some(of_record(ctx, *uuid).await?),
        None => None,
    };
    // Neither database holds a NUL, and PostgreSQL refuses to look for one: such a request wasn't made.
    let request_id = request_id.as_ref().map(|id| id.replace('\0', "?"));
    let condition = Condition::all()
        .add_option(actions.map(|kinds| Column::Kind.is_in(kinds)))
        .add_option(actor.map(|actor| Column::Actor.eq(actor)))
        .add_option(actor_uuid.map(|uuid| Column::ActorUuid.eq(uuid)))
        .add_option(customer.map(|uuid| Column::CustomerUuid.eq(uuid)))
        .add_option(record)
        .add_option(request_id.map(|id| of_request(&id)))
        .add_option(since.map(|since| Column::CreatedAt.gte(since)))
        .add_option(until.map(|until| Column::CreatedAt.lt(until)));
    let number = |entry: &Model| entry.journal_entry_id;
    let number = Number { name: "ENTRY", column: Column::JournalEntryId, of: number };
    Listing::parse(number, true, window, condition)
}

/// Entries about a record, in the words of the index that has them: it leaves those out that are about a customer
/// itself, which are found by the customer.
async fn of_record(ctx: &Ctx, uuid: Uuid) -> Result<Condition> {
    let about =
        Entity::find().select_only().column(Column::JournalEntryId).filter(Column::CustomerUuid.eq(uuid));
    let about = about.into_tuple::<i64>().one(ctx.app.db.reader()).await?;
    let of = Condition::all().add(Column::Record.eq(uuid));
    Ok(match about {
        Some(_) => of.add(Column::CustomerUuid.eq(uuid)),
        None => of.add(Expr::cust(r#""record" IS DISTINCT FROM "customer_uuid""#)),
    })
}

/// Entries of a request, in the words of the index that has them: it leaves out what no request did.
fn of_request(id: &str) -> Condition {
    let of = Condition::all().add(Column::RequestId.eq(id));
    if id == NO_REQUEST { of } else { of.add(Expr::cust(format!(r#""request_id" <> '{NO_REQUEST}'"#))) }
}
