//! The definitions that values are validated by. They are read before the transaction, and compared in it with the
//! stored definitions. If a definition has changed, the validation has to be repeated.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QuerySelect};

use super::identity::OWNER_TYPE;
use super::may_see;
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::metafield_definition::{Column, Entity, Model};
use crate::error::{Error, Result};

/// All definitions at the time they were read.
#[derive(Clone, Debug)]
pub(in crate::service) struct DefinitionsSnapshot {
    definitions: Arc<[Model]>,
}

impl DefinitionsSnapshot {
    pub(in crate::service) async fn read(ctx: &Ctx) -> Result<Self> {
        let definitions = Entity::find_by_owner_type(OWNER_TYPE).all(ctx.app.db.reader()).await?;
        Ok(Self { definitions: definitions.into() })
    }

    pub(in crate::service) fn definitions(&self) -> &Arc<[Model]> {
        &self.definitions
    }

    /// The definitions that the caller may see.
    pub(super) fn visible(&self, ctx: &Ctx) -> Arc<[Model]> {
        self.definitions.iter().filter(|definition| may_see(ctx, definition)).cloned().collect()
    }

    /// Whether the stored definitions are still the same. A shared lock keeps them unchanged until the transaction
    /// ends. A concurrent deletion waits for the lock, so the clean-up after it removes the values of this write.
    pub(in crate::service) async fn is_still_valid(&self, tx: &impl ConnectionTrait) -> TxResult<bool> {
        let select = Entity::find_by_owner_type(OWNER_TYPE).select_only();
        let select = select.columns([Column::MetafieldDefinitionId, Column::UpdatedAt]).lock_shared();
        let stored: Vec<(i32, DateTime<Utc>)> = select.into_tuple().all(tx).await?;
        let snapshot = self.definitions.iter().map(|row| (row.metafield_definition_id, row.updated_at));
        Ok(snapshot.eq(stored))
    }

    /// Checks that the stored definitions are still the same.
    ///
    /// # Errors
    /// [`Error::Outdated`] if a definition has changed: the validation has to be repeated.
    pub(in crate::service) async fn ensure_unchanged(&self, tx: &impl ConnectionTrait) -> TxResult<()> {
        if self.is_still_valid(tx).await? { Ok(()) } else { Err(Error::Outdated.into()) }
    }
}
