//! Removing the values of deleted definitions, some customers at a time.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::prelude::Json;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::values::remove;
use crate::app::ctx::{Caller, Ctx};
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::metafield_definition::{Column, Entity, Model};
use crate::error::{Error, Result};
use crate::transact;

/// Customers that are looked at in one transaction.
const BATCH: u64 = 1000;

/// Removes values of one deleted definition from the next 1 000 customers, or the definition itself when none are
/// left; tells whether there is more to do. To whoever reads a customer nothing changes, the values were hidden
/// already: `version` and `updated_at` stay. It may run twice at once.
///
/// # Errors
/// [`Error::Forbidden`] to anyone but the program itself.
pub async fn clean_up(ctx: &Ctx) -> Result<bool> {
    if ctx.caller != Caller::System {
        return Err(Error::Forbidden("Only the program itself may do this"));
    }
    // Mostly there is none: that is found out without a transaction, which on SQLite keeps others from writing.
    if deleted().one(ctx.app.db.reader()).await?.is_none() {
        return Ok(false);
    }
    transact!(ctx.app.db, |tx| {
        // Locked first, unlike definitions that are in force: no write locks a deleted one, and somebody else may be
        // about to finish with it, after which another with its name can be made.
        let next = deleted().order_by_asc(Column::MetafieldDefinitionId).lock_exclusive();
        let Some(definition) = next.one(tx).await? else {
            return Ok(false);
        };
        let Some(last) = strip(tx, &definition).await? else {
            Entity::delete_by_id(definition.metafield_definition_id).exec(tx).await?;
            return Ok(deleted().count(tx).await? > 0);
        };
        // Only after the customers: see the top of `mod.rs`.
        Entity::update_many()
            .col_expr(Column::CleanedUpTo, last.into())
            .filter(Column::MetafieldDefinitionId.eq(definition.metafield_definition_id))
            .exec(tx)
            .await?;
        Ok(true)
    })
}

fn deleted() -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_not_null())
}

/// Strips the next customers of the value; the last one's primary key, none when there are no more.
async fn strip(tx: &impl ConnectionTrait, definition: &Model) -> TxResult<Option<i32>> {
    use customer::Column::{CustomerId, MetaData};
    let next = customer::Entity::find().filter(CustomerId.gt(definition.cleaned_up_to));
    let next = next.select_only().columns([CustomerId, MetaData]).order_by_asc(CustomerId).limit(BATCH);
    let customers: Vec<(i32, Json)> = next.lock_exclusive().into_tuple().all(tx).await?;
    let last = customers.last().map(|(customer_id, _)| *customer_id);
    for (customer_id, meta_data) in customers {
        let Json::Object(mut fields) = meta_data else { continue };
        let before = fields.clone();
        remove(&mut fields, &definition.namespace, &definition.field_key);
        if fields == before {
            continue;
        }
        let row = customer::ActiveModel {
            customer_id: Unchanged(customer_id),
            meta_data: Set(Json::Object(fields)),
            ..Default::default()
        };
        customer::Entity::update_many().set(row).filter(CustomerId.eq(customer_id)).exec(tx).await?;
    }
    Ok(last)
}
