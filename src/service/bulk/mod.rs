//! Changes many customers with one request: those that it names, or those that a filter finds.
//!
//! All of them change in one transaction, by the functions that change one customer, each with its own journal entries. So
//! a request that is interrupted has changed nothing, and one that is repeated with its idempotency key gets the same
//! response. `If-Match` does not apply: the actions depend on no earlier value.

mod action;
mod apply;
mod input;
mod selection;

pub use action::{BulkAction, BulkOutcome, BulkRow, RowResult};
pub use input::BulkInput;
pub(crate) use selection::filter_changed;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::app::write::{Write, Written};
use crate::error::Result;
use crate::spend;

use apply::Locked;

/// Does the same to many customers.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) with all problems of the input, for a filter that finds more than 1 000
/// customers, and for an unknown group; [`Error::StepUpRequired`](crate::error::Error::StepUpRequired) for a deletion;
/// [`Error::Conflict`](crate::error::Error::Conflict) for a filter that finds another number of customers than expected.
pub async fn change_many(
    ctx: &AdminCtx,
    write: Write<BulkOutcome>,
    input: BulkInput,
) -> Result<Written<BulkOutcome>> {
    let (action, mut selection) = input.parse()?;
    if action == BulkAction::Delete {
        ctx.stepped_up()?;
    }
    selection.prepare(ctx).await?;
    // The response contains no data of a customer, so it stays when one of them is deleted.
    let unkeyed = Ctx { keyed: None, ..Ctx::clone(ctx) };
    spend!(ctx, write, { selection.resolve(ctx).await }, |tx, resolved| {
        let locked = Locked::of(tx, action, &resolved.customers).await?;
        resolved.ensure_unchanged(locked.customers())?;
        let rows = locked.apply(&unkeyed, tx, &resolved.customers).await?;
        Ok(BulkOutcome { action, rows })
    })
}
