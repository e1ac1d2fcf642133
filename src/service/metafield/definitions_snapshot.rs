//! The definitions that values are checked by: read before the transaction, and compared in it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QuerySelect};

use super::{OWNER_TYPE, may_see};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::metafield_definition::{Column, Entity, Model};
use crate::error::{Error, Result};

/// The definitions as they were when they were read.
#[derive(Clone, Debug)]
pub(in crate::service) struct DefinitionsSnapshot {
    definitions: Arc<[Model]>,
}

impl DefinitionsSnapshot {
    /// Reads them.
    pub(in crate::service) async fn read(ctx: &Ctx) -> Result<Self> {
        let definitions = Entity::find_by_owner_type(OWNER_TYPE).all(ctx.app.db.reader()).await?;
        Ok(Self { definitions: definitions.into() })
    }

    /// All of them.
    pub(in crate::service) fn definitions(&self) -> &Arc<[Model]> {
        &self.definitions
    }

    /// Those that the caller may see.
    pub(super) fn visible(&self, ctx: &Ctx) -> Arc<[Model]> {
        self.definitions.iter().filter(|definition| may_see(ctx, definition)).cloned().collect()
    }

    /// Whether they are still the same. They stay so until the transaction ends: one that is deleted meanwhile waits,
    /// so that the clean-up after it finds this write's values.
    pub(in crate::service) async fn is_still_valid(&self, tx: &impl ConnectionTrait) -> TxResult<bool> {
        let now = Entity::find_by_owner_type(OWNER_TYPE).select_only();
        let now = now.columns([Column::MetafieldDefinitionId, Column::UpdatedAt]).lock_shared();
        let now: Vec<(i32, DateTime<Utc>)> = now.into_tuple().all(tx).await?;
        let then = self.definitions.iter().map(|row| (row.metafield_definition_id, row.updated_at));
        Ok(then.eq(now))
    }

    /// Lets a write go on if they are still the same.
    ///
    /// # Errors
    /// [`Error::Outdated`]: what was checked has to be checked again.
    pub(in crate::service) async fn ensure_holds(&self, tx: &impl ConnectionTrait) -> TxResult<()> {
        if self.is_still_valid(tx).await? { Ok(()) } else { Err(Error::Outdated.into()) }
    }
}
