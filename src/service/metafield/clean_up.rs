//! Removes the values of deleted definitions from customers, in batches. The position of the clean-up is stored in the
//! definition, so it continues after a restart. Concurrent runs are safe.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::prelude::Json;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::values::remove;
use crate::app::ctx::SystemCtx;
use crate::db::TxResult;
use crate::entity::metafield_definition::{Column, Entity, Model};
use crate::entity::{customer, customer_metafield_value};
use crate::error::Result;
use crate::service::account::metafield_name;
use crate::transact;

/// The number of customers that one transaction processes.
const BATCH: u64 = 1000;

/// Removes the values of one deleted definition from the next 1000 customers, or the definition itself when no
/// customers are left. Returns whether there is more to do. `version` and `updated_at` of the customers do not change,
/// because the values were already hidden.
pub async fn clean_up(ctx: &SystemCtx) -> Result<bool> {
    // Usually there is nothing to do. Checked without a transaction, because one on SQLite blocks other writers.
    if deleted().one(ctx.app.db.reader()).await?.is_none() {
        return Ok(false);
    }
    transact!(ctx.app.db, |tx| {
        // Locked before the customers, which is the reverse of the usual order. No other write locks a deleted
        // definition, so this can't deadlock. A concurrent run may delete it, and then a definition with its name may
        // be created.
        let next = deleted().order_by_asc(Column::MetafieldDefinitionId).lock_exclusive();
        let Some(definition) = next.one(tx).await? else {
            return Ok(false);
        };
        let Some(last) = remove_values(tx, &definition).await? else {
            Entity::delete_by_id(definition.metafield_definition_id).exec(tx).await?;
            return Ok(deleted().count(tx).await? > 0);
        };
        // After the customers: see the lock order in `mod.rs`.
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

/// Removes the value from the next batch of customers. Returns the primary key of the last customer, or `None` if there
/// are no more customers.
async fn remove_values(tx: &impl ConnectionTrait, definition: &Model) -> TxResult<Option<i32>> {
    use customer::Column::{CustomerId, MetaData};
    use customer_metafield_value::Column::{CustomerId as Id, Name};
    let next = customer::Entity::find().filter(CustomerId.gt(definition.cleaned_up_to));
    let next = next.select_only().columns([CustomerId, MetaData]).order_by_asc(CustomerId).limit(BATCH);
    let customers: Vec<(i32, Json)> = next.lock_exclusive().into_tuple().all(tx).await?;
    let last = customers.last().map(|(customer_id, _)| *customer_id);
    if let Some(last) = last {
        let name = metafield_name(&definition.namespace, &definition.field_key);
        let copies = customer_metafield_value::Entity::delete_many().filter(Name.eq(name));
        copies.filter(Id.gt(definition.cleaned_up_to)).filter(Id.lte(last)).exec(tx).await?;
    }
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
