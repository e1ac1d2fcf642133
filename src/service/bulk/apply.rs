//! Applies a bulk action to customers whose rows are locked.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use super::action::{BulkAction, BulkRow, RowResult};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::db::batch_loader::pad_to_power_of_two;
use crate::entity::customer::{ActiveModel, Column, Entity, Model};
use crate::service::account::save;
use crate::service::customer::ensure_group_exists;
use crate::service::{journal, login_attempts, session};
use crate::types::{Audience, CustomerStatus, EmailAddress};

/// The customers of a bulk action, with a lock on each row.
pub(super) struct Locked {
    action: BulkAction,
    customers: Vec<Model>,
}

impl Locked {
    /// Locks the customers, in the order of their primary keys as everywhere, so that two requests with the same customers
    /// wait for one another instead of deadlocking. What else the action needs is locked first.
    pub(super) async fn of(
        tx: &impl ConnectionTrait,
        action: BulkAction,
        customers: &[Uuid],
    ) -> TxResult<Self> {
        match action {
            BulkAction::SetGroup(id) => ensure_group_exists(tx, Some(id)).await?,
            // The next customers with these addresses start without failed login attempts.
            BulkAction::Delete => {
                let stored = select(customers).select_only().column(Column::Email);
                let stored: Vec<EmailAddress> = stored.into_tuple().all(tx).await?;
                let emails = stored.iter().map(EmailAddress::key);
                login_attempts::reset_failures_of(tx, Audience::Customer, emails).await?;
            }
            BulkAction::Enable | BulkAction::Disable | BulkAction::EndSessions => {}
        }
        let customers = select(customers).order_by_asc(Column::CustomerId).lock_exclusive().all(tx).await?;
        Ok(Self { action, customers })
    }

    /// Their rows.
    pub(super) fn customers(&self) -> &[Model] {
        &self.customers
    }

    /// Changes each of them. Returns the results in the order of the request.
    pub(super) async fn apply(
        self,
        ctx: &Ctx,
        tx: &impl ConnectionTrait,
        requested: &[Uuid],
    ) -> TxResult<Vec<BulkRow>> {
        let mut results = HashMap::with_capacity(self.customers.len());
        for customer in self.customers {
            let uuid = customer.uuid;
            let has_changed = change(ctx, tx, self.action, customer).await?;
            results.insert(uuid, if has_changed { RowResult::Done } else { RowResult::Unchanged });
        }
        let row = |customer: &Uuid| BulkRow {
            customer: *customer,
            result: results.get(customer).copied().unwrap_or(RowResult::NotFound),
        };
        Ok(requested.iter().map(row).collect())
    }
}

fn select(customers: &[Uuid]) -> Select<Entity> {
    Entity::find().filter(Column::Uuid.is_in(pad_to_power_of_two(customers.to_vec())))
}

/// Changes one customer. Returns whether it has changed.
async fn change(ctx: &Ctx, tx: &impl ConnectionTrait, action: BulkAction, current: Model) -> TxResult<bool> {
    let mut row = current.clone().into_active_model();
    match action {
        BulkAction::Enable => row.status.set_if_not_equals(CustomerStatus::Enabled),
        BulkAction::Disable => row.status.set_if_not_equals(CustomerStatus::DISABLED),
        BulkAction::SetGroup(id) => row.group_id.set_if_not_equals(Some(id)),
        BulkAction::EndSessions => return session::end_all_locked(ctx, tx, current).await,
        BulkAction::Delete => {
            journal::erase(ctx, tx, &current).await?;
            return Ok(true);
        }
    }
    save_if_changed(ctx, tx, current, row).await
}

async fn save_if_changed(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    current: Model,
    row: ActiveModel,
) -> TxResult<bool> {
    if !row.is_changed() {
        return Ok(false);
    }
    save(ctx, tx, current, row, None).await?;
    Ok(true)
}
