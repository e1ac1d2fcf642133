//! Addresses of customers.

use crate::ctx::Ctx;
use crate::entity::customer_address::{Entity, Model};
use crate::error::Result;

/// The addresses of these customers, the default of each first, for callers that were shown the customers.
///
/// # Errors
/// Those of the database.
pub async fn of_customers(ctx: &Ctx, customer_ids: &[i32]) -> Result<Vec<Model>> {
    let select = Entity::find_by_customers(customer_ids);
    Ok(select.all(ctx.app.db.reader()).await?)
}
