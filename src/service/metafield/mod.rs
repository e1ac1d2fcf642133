//! Custom fields of customers: their definitions, and their values, which are in `customer.meta_data`.
//!
//! Whoever locks more than one row locks the customer first and definitions after it; in any other order a
//! write of values and the clean-up after a deleted definition could each wait for the other.

mod blocking;
mod clean_up;
mod compiled;
mod cost;
mod definitions_snapshot;
mod input;
mod rules;
mod schema;
mod values;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, SqlErr,
};
use uuid::Uuid;

pub(super) use blocking::run as run_blocking;
pub use clean_up::clean_up;
pub(super) use cost::Budget;
pub(super) use definitions_snapshot::DefinitionsSnapshot;
pub use input::DefinitionInput;
pub use values::{Values, set_values, take_value, value};
pub(super) use values::{apply, checked, conform, shown, validate_given};

use crate::app::ctx::{Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::metafield_definition::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::journal::{self, Change, snapshot};
use crate::spend;
use crate::types::EventKind;

use input::DefinitionDraft;

/// What has custom fields, so far.
const OWNER_TYPE: &str = "customer";
/// The most definitions of an owner type.
pub const MAX_DEFINITIONS: u64 = 100;

/// Makes a definition.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, [`Error::Conflict`] for one that is there already or is
/// still being deleted, and beyond 100 definitions.
pub async fn create(ctx: &Ctx, write: Write<Model>, input: DefinitionInput) -> Result<Written<Model>> {
    ctx.require_admin()?;
    // Regular expressions are compiled.
    let draft = blocking::run(move || input.merge(None)).await??;
    let now = ctx.app.clock.now();
    let mut row = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    draft.clone().fill(&mut row);
    spend!(ctx, write, |tx| {
        ensure_there_is_room(tx, &draft).await?;
        match row.clone().insert(tx).await {
            // Two that make the first definition at once; any others wait for one another.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(taken(&draft).into())
            }
            inserted => {
                let made = inserted?;
                let (uuid, data) = (made.uuid, snapshot::metafield_definition(&made));
                let created = Change::created(EventKind::MetafieldDefinitionCreated, uuid, data);
                journal::record(ctx, tx, created).await?;
                Ok(made)
            }
        }
    })
}

/// Changes a definition; the definition that comes of it is validated as a whole. Values that are there stay.
///
/// # Errors
/// [`Error::Invalid`] with all problems, also when its identity would change, [`Error::NotFound`].
pub async fn update(
    ctx: &Ctx,
    write: Write<Model>,
    uuid: Uuid,
    input: DefinitionInput,
) -> Result<Written<Model>> {
    ctx.require_admin()?;
    let prepare = async || {
        let found = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
        let found = found.ok_or(Error::NotFound("Metafield definition"))?;
        let (input, current) = (input.clone(), found.clone());
        let draft = blocking::run(move || input.merge(Some(&current))).await??;
        Ok((found, draft))
    };
    spend!(ctx, write, { prepare().await }, |tx, prepared| {
        let (found, draft) = prepared;
        let current = find_for_update(tx, uuid).await?;
        if current != *found {
            return Err(Error::Outdated.into());
        }
        if *draft == DefinitionDraft::from(current.clone()) {
            return Ok(current);
        }
        let updated_at = ctx.app.clock.after(current.updated_at);
        let before = snapshot::metafield_definition(&current);
        let mut row = current.into_active_model();
        draft.clone().fill(&mut row);
        row.updated_at = Set(updated_at);
        let changed = row.update(tx).await?;
        let data = snapshot::metafield_definition(&changed);
        let updated = Change::updated(EventKind::MetafieldDefinitionUpdated, uuid, &before, data);
        journal::record(ctx, tx, updated).await?;
        Ok(changed)
    })
}

/// Deletes a definition and tells what it was. From now on nobody sees its values; [`clean_up()`] removes them.
///
/// # Errors
/// [`Error::NotFound`], the second time as well.
pub async fn delete(ctx: &Ctx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_admin()?;
    spend!(ctx, write, |tx| {
        let definition = find_for_update(tx, uuid).await?;
        let mut row = definition.clone().into_active_model();
        row.deleted_at = Set(Some(ctx.app.clock.now()));
        row.update(tx).await?;
        let before = snapshot::metafield_definition(&definition);
        let deleted = Change::deleted(EventKind::MetafieldDefinitionDeleted, definition.uuid, &before);
        journal::record(ctx, tx, deleted).await?;
        Ok(definition)
    })
}

/// The definitions of an owner type, in their order; none of one that isn't known.
///
/// # Errors
/// Only admins may: [`Error::Unauthenticated`], [`Error::Forbidden`].
pub async fn list(ctx: &Ctx, owner_type: &str) -> Result<Vec<Model>> {
    ctx.require_admin()?;
    // No text with a NUL is in the database, and PostgreSQL refuses to look for one.
    if owner_type != OWNER_TYPE {
        return Ok(Vec::new());
    }
    Ok(Entity::find_by_owner_type(OWNER_TYPE).all(ctx.app.db.reader()).await?)
}

/// The definitions of those custom fields that the caller may see, for callers that were shown a customer.
///
/// # Errors
/// Those of the database.
pub async fn visible(ctx: &Ctx) -> Result<Vec<Model>> {
    let rows = Entity::find_by_owner_type(OWNER_TYPE).all(ctx.app.db.reader()).await?;
    Ok(rows.into_iter().filter(|definition| may_see(ctx, definition)).collect())
}

/// Whether the caller may see and set a custom field. To whoever may not, there is no such field.
fn may_see(ctx: &Ctx, definition: &Model) -> bool {
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => true,
        Caller::Customer { .. } => definition.visible_to_customer,
        Caller::Anonymous => false,
    }
}

async fn find_for_update(tx: &impl ConnectionTrait, uuid: Uuid) -> TxResult<Model> {
    let definition = Entity::find_by_public_id(uuid).lock_exclusive().one(tx).await?;
    Ok(definition.ok_or(Error::NotFound("Metafield definition"))?)
}

async fn ensure_there_is_room(tx: &impl ConnectionTrait, draft: &DefinitionDraft) -> TxResult<()> {
    // One after the other: the oldest definition stands for all of them. While there is none, the limit is far.
    let oldest = Entity::find().filter(Column::OwnerType.eq(OWNER_TYPE));
    oldest.order_by_asc(Column::MetafieldDefinitionId).lock_exclusive().one(tx).await?;
    let same = Entity::find()
        .filter(Column::OwnerType.eq(&draft.owner_type))
        .filter(Column::Namespace.eq(&draft.namespace))
        .filter(Column::FieldKey.eq(&draft.field_key));
    match same.one(tx).await? {
        Some(same) if same.deleted_at.is_some() => {
            let name = name_of(&draft.namespace, &draft.field_key);
            return Err(
                Error::conflict(format!("{name} is still being deleted; try again in a moment")).into()
            );
        }
        Some(_) => return Err(taken(draft).into()),
        None => {}
    }
    if Entity::find_by_owner_type(OWNER_TYPE).count(tx).await? >= MAX_DEFINITIONS {
        let message =
            format!("There are at most {MAX_DEFINITIONS} metafield definitions for \"{OWNER_TYPE}\"");
        return Err(Error::conflict(message).into());
    }
    Ok(())
}

fn taken(draft: &DefinitionDraft) -> Error {
    let name = name_of(&draft.namespace, &draft.field_key);
    Error::conflict(format!("A metafield definition {name} already exists for \"{}\"", draft.owner_type))
}

/// A custom field as messages name it.
fn name_of(namespace: &str, key: &str) -> String {
    format!("\"{namespace}.{key}\"")
}
