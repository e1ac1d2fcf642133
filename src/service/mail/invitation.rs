//! Invitations: mails with a link to set a password, to customers that an import created without one.

use std::collections::HashSet;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::enqueue::RETRY_PERIOD;
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::mail::{ActiveModel, Column, Entity};
use crate::service::journal::{self, Change};
use crate::types::{EventKind, MailKind, MailStatus};

/// The time in which a customer gets no second invitation, so that an import that is resumed does not repeat them.
const INTERVAL: TimeDelta = TimeDelta::days(1);
/// The number of customers of a statement, because the number of its parameters is limited.
const CHUNK: usize = 1000;

/// Removes the customers that were invited within the last day. Invitations that failed don't count.
pub(in crate::service) async fn without_recent_invitation(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    mut customer_ids: Vec<i32>,
) -> TxResult<Vec<i32>> {
    let clock = &ctx.app.clock;
    let mut invited: HashSet<i32> = HashSet::new();
    for chunk in customer_ids.chunks(CHUNK) {
        let select = Entity::find()
            .filter(Column::CustomerId.is_in(chunk.iter().copied()))
            .filter(Column::Kind.eq(MailKind::Invitation))
            .filter(Column::Status.is_in([MailStatus::Pending, MailStatus::Sent]))
            .filter(Column::CreatedAt.gt(clock.now() - INTERVAL))
            .filter(Column::CreatedAt.lte(clock.latest(TimeDelta::zero())));
        invited.extend(select.select_only().column(Column::CustomerId).into_tuple::<i32>().all(tx).await?);
    }
    customer_ids.retain(|id| !invited.contains(id));
    Ok(customer_ids)
}

/// Enqueues an invitation to each of these customers that exists, and records in the journal that it was requested.
pub(in crate::service) async fn invite(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_ids: &[i32],
) -> TxResult<()> {
    use customer::Column::{CustomerId, EventSequence};
    let now = ctx.app.clock.now();
    for chunk in customer_ids.chunks(CHUNK) {
        // Locks the customers.
        let customers = customer::Entity::update_many()
            .col_expr(EventSequence, Expr::col(EventSequence).add(1_i64))
            .filter(CustomerId.is_in(chunk.iter().copied()))
            .exec_with_returning(tx)
            .await?;
        let mails: Vec<ActiveModel> = customers
            .iter()
            .map(|customer| ActiveModel {
                uuid: Set(ctx.app.random.uuid()),
                customer_id: Set(Some(customer.customer_id)),
                kind: Set(MailKind::Invitation),
                recipient: Set(customer.email.clone()),
                status: Set(MailStatus::Pending),
                attempts: Set(0),
                created_at: Set(now),
                next_attempt_at: Set(now),
                give_up_at: Set(now + RETRY_PERIOD),
                ..Default::default()
            })
            .collect();
        Entity::insert_many(mails).exec_without_returning(tx).await?;
        let requested = customers.iter().map(|customer| {
            let data = json!({"uuid": customer.uuid.to_string(), "kind": MailKind::Invitation.to_string()});
            let requested = Change::event(EventKind::MailRequested, customer.uuid, data);
            (customer.uuid, customer.event_sequence, requested)
        });
        journal::append_batch(ctx, tx, requested).await?;
    }
    Ok(())
}
