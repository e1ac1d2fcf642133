//! Finds stored customers by their e-mail addresses.

use std::collections::HashMap;

use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait};

use crate::db::TxResult;
use crate::db::batch_loader;
use crate::entity::customer;

/// Finds customers by their [e-mail keys](crate::types::EmailAddress::key) and returns the primary key for each
/// e-mail key.
pub(super) async fn find_by_emails(
    db: &impl ConnectionTrait,
    keys: Vec<String>,
) -> TxResult<HashMap<String, i32>> {
    let owner = |key| {
        let mut owner = Query::select();
        owner
            .column(customer::Column::CustomerId)
            .from(customer::Entity)
            .and_where(customer::Column::EmailKey.into_expr().eq(key))
            .limit(1)
            .take()
    };
    let owners = batch_loader::select_per_key(db, keys, owner).await?;
    Ok(owners.into_iter().filter_map(|(key, id)| Some((key, id?))).collect())
}
