//! Custom fields (metafields) of customers: their definitions, and their values in `customer.meta_data`.
//!
//! Lock order: a transaction locks the customer before the definitions. In another order, a write of values and the
//! clean-up after a deleted definition could deadlock. Values are validated before the transaction; if a definition has
//! changed since, the validation is repeated. The cost of a validation is limited, see `cost.rs`.

mod blocking;
mod clean_up;
mod compiled;
mod cost;
mod definitions_snapshot;
mod identity;
mod input;
mod rules;
mod schema;
mod values;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

pub(super) use blocking::run as run_blocking;
pub use clean_up::clean_up;
pub(super) use cost::ValidationBudget;
pub(super) use definitions_snapshot::DefinitionsSnapshot;
pub(crate) use identity::OWNER_TYPE;
pub use input::{DefinitionInput, ValuesInput};
pub use values::{MetafieldValues, set_values, take_value, value};
pub(super) use values::{
    ValidatedValue, apply, check_meta_data, validate_meta_data, validate_values, visible_values,
};

use crate::app::ctx::{AdminCtx, Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::PublicId;
use crate::entity::metafield_definition::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result, UniqueIndex};
use crate::service::content_version::ContentVersion;
use crate::service::journal::{self, Change, snapshot};
use crate::service::query::lock::find_for_update;
use crate::spend;
use crate::types::EventKind;

use identity::name_of;
use input::DefinitionDraft;

/// The unique index of what identifies a definition.
const IDENTITY_INDEX: UniqueIndex =
    UniqueIndex { table: "metafield_definition", columns: &["owner_type", "namespace", "field_key"] };
/// The maximum number of definitions of an owner type.
pub const MAX_DEFINITIONS: u64 = 100;

/// Creates a definition.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input; [`Error::Conflict`] if the definition exists or is still being
/// deleted, or if there are already 100 definitions.
pub async fn create(ctx: &AdminCtx, write: Write<Model>, input: DefinitionInput) -> Result<Written<Model>> {
    // On a blocking thread, because regular expressions are compiled.
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
        ensure_can_create(tx, &draft).await?;
        match row.clone().insert(tx).await {
            // Possible only if two requests create the first definition concurrently; later ones wait for a lock.
            Err(error) if IDENTITY_INDEX.is_violated_by(&error) => Err(already_exists(&draft).into()),
            inserted => {
                let definition = inserted?;
                let (uuid, data) = (definition.uuid, snapshot::metafield_definition(&definition));
                let created = Change::created(EventKind::MetafieldDefinitionCreated, uuid, data);
                journal::append(ctx, tx, created).await?;
                Ok(definition)
            }
        }
    })
}

/// Validates the input of a new definition, and creates nothing.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input.
pub async fn check_definition(input: DefinitionInput) -> Result<()> {
    blocking::run(move || input.merge(None)).await??;
    Ok(())
}

/// Updates a definition. The merged definition is validated as a whole. Stored values are not validated again.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, including a change of the identity; [`Error::NotFound`];
/// [`Error::PreconditionFailed`] if `If-Match` names a version other than the current one.
pub async fn update(
    ctx: &AdminCtx,
    write: Write<Model>,
    uuid: Uuid,
    input: DefinitionInput,
) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    let prepare = async || {
        let definition = Entity::find_by_public_id(uuid).one(ctx.app.db.reader()).await?;
        let definition = definition.ok_or(Error::NotFound(Entity::NOUN))?;
        let (input, current) = (input.clone(), definition.clone());
        let draft = blocking::run(move || input.merge(Some(&current))).await??;
        Ok((definition, draft))
    };
    spend!(ctx, write, { prepare().await }, |tx, prepared| {
        let (definition, draft) = prepared;
        let current = find_for_update::<Entity>(tx, uuid).await?;
        if current != *definition {
            return Err(Error::Outdated.into());
        }
        ctx.if_match.check(current.content_version())?;
        if *draft == DefinitionDraft::from(current.clone()) {
            return Ok(current);
        }
        let updated_at = ctx.app.clock.now_after(current.updated_at);
        let before = snapshot::metafield_definition(&current);
        let mut row = current.into_active_model();
        draft.clone().fill(&mut row);
        row.updated_at = Set(updated_at);
        let definition = row.update(tx).await?;
        let data = snapshot::metafield_definition(&definition);
        let updated = Change::updated(EventKind::MetafieldDefinitionUpdated, uuid, &before, data);
        journal::append(ctx, tx, updated).await?;
        Ok(definition)
    })
}

/// Deletes a definition and returns it. Its values are hidden from now on; [`clean_up()`] removes them.
///
/// # Errors
/// [`Error::NotFound`], also if the definition was already deleted; [`Error::PreconditionFailed`] if `If-Match` names a
/// version other than the current one.
pub async fn delete(ctx: &AdminCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    spend!(ctx, write, |tx| {
        let definition = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(definition.content_version())?;
        let mut row = definition.clone().into_active_model();
        row.deleted_at = Set(Some(ctx.app.clock.now()));
        row.update(tx).await?;
        let before = snapshot::metafield_definition(&definition);
        let deleted = Change::deleted(EventKind::MetafieldDefinitionDeleted, definition.uuid, &before);
        journal::append(ctx, tx, deleted).await?;
        Ok(definition)
    })
}

/// The definitions of an owner type, in their order. Empty for an unknown owner type.
pub async fn list(ctx: &AdminCtx, owner_type: &str) -> Result<Vec<Model>> {
    // Not a query with `owner_type`: it may contain NUL, which PostgreSQL rejects.
    if owner_type != OWNER_TYPE {
        return Ok(Vec::new());
    }
    Ok(Entity::find_by_owner_type(OWNER_TYPE).all(ctx.app.db.reader()).await?)
}

/// The definitions of the custom fields that the caller may see. The calling code has to authorize the caller for the
/// customer.
pub async fn visible(ctx: &Ctx) -> Result<Vec<Model>> {
    let rows = Entity::find_by_owner_type(OWNER_TYPE).all(ctx.app.db.reader()).await?;
    Ok(rows.into_iter().filter(|definition| may_see(ctx, definition)).collect())
}

/// Whether the caller may see and set a custom field. For other callers, the field does not exist.
fn may_see(ctx: &Ctx, definition: &Model) -> bool {
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => true,
        Caller::Customer { .. } => definition.visible_to_customer,
        Caller::UnenrolledAdmin { .. } | Caller::Anonymous => false,
    }
}

async fn ensure_can_create(tx: &impl ConnectionTrait, draft: &DefinitionDraft) -> TxResult<()> {
    // Serializes concurrent creations with a lock on the oldest definition. Without a definition there is no lock, but
    // then the limit can't be reached either.
    let oldest = Entity::find().filter(Column::OwnerType.eq(OWNER_TYPE));
    oldest.order_by_asc(Column::MetafieldDefinitionId).lock_exclusive().one(tx).await?;
    let same = Entity::find()
        .filter(Column::OwnerType.eq(&draft.owner_type))
        .filter(Column::Namespace.eq(&draft.namespace))
        .filter(Column::FieldKey.eq(&draft.field_key));
    match same.one(tx).await? {
        Some(same) if same.deleted_at.is_some() => {
            return Err(still_being_deleted(&draft.namespace, &draft.field_key).into());
        }
        Some(_) => return Err(already_exists(draft).into()),
        None => {}
    }
    if Entity::find_by_owner_type(OWNER_TYPE).count(tx).await? >= MAX_DEFINITIONS {
        let message =
            format!("There are at most {MAX_DEFINITIONS} metafield definitions for \"{OWNER_TYPE}\"");
        return Err(Error::conflict(message).into());
    }
    Ok(())
}

/// The error for a new definition with the name of one whose values are still being deleted.
pub(crate) fn still_being_deleted(namespace: &str, key: &str) -> Error {
    Error::conflict(format!("{} is still being deleted; try again later", name_of(namespace, key)))
}

fn already_exists(draft: &DefinitionDraft) -> Error {
    let name = name_of(&draft.namespace, &draft.field_key);
    Error::conflict(format!("A metafield definition {name} already exists for \"{}\"", draft.owner_type))
}
