//! The logout of customers at the shop's storefront.

use sea_orm::{EntityTrait, QuerySelect};
use serde_json::json;

use super::ready::settings;
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::entity::customer;
use crate::error::Result;
use crate::service::journal::{self, Change};
use crate::service::shop_session::find::{account_id, end_one, public_id};
use crate::spend;
use crate::types::{Audience, EventKind};

/// Ends a session of the storefront. Returns `None` if no customer is logged in with it, which is a success as well: the session
/// of a visitor stays, because it has the cart.
pub async fn log_out(ctx: &Ctx, write: Write<()>, sid: &str) -> Result<Option<Written<()>>> {
    let door = settings(&ctx.app)?;
    let now = ctx.app.clock.now();
    let owner = account_id(ctx.app.db.reader(), door, Audience::Customer, sid, now).await?;
    let Some(customer_id) = owner else { return Ok(None) };
    let outcome = spend!(ctx, write.optional(), |tx| {
        // Lock order: the customer, then its sessions.
        let customer = customer::Entity::find_by_id(customer_id).select_only();
        let customer = customer.column(customer::Column::CustomerId).lock_exclusive();
        customer.into_tuple::<i32>().one(tx).await?;
        if !end_one(tx, sid, customer_id).await? {
            return Ok(None);
        }
        let session = public_id(sid);
        let data = json!({"count": 1, "session": session.to_string()});
        let ended = Change::event(EventKind::SessionRevoked, session, data);
        journal::append_numbered(ctx, tx, customer_id, vec![ended]).await?;
        Ok(Some(()))
    })?;
    Ok(outcome.into_value())
}
