//! Enqueues mails, in the transaction of their cause, and withdraws them.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::mail::{ActiveModel, Column, Entity};
use crate::types::{EmailAddress, MailKind, MailStatus};

/// The duration of the retries.
pub(super) const RETRY_PERIOD: TimeDelta = TimeDelta::days(1);

/// Enqueues a mail, in the transaction of its cause.
pub(in crate::service) async fn enqueue(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: Option<i32>,
    recipient: &EmailAddress,
) -> TxResult<()> {
    let now = ctx.app.clock.now();
    let mail = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        customer_id: Set(customer_id),
        kind: Set(kind),
        recipient: Set(recipient.clone()),
        status: Set(MailStatus::Pending),
        attempts: Set(0),
        created_at: Set(now),
        next_attempt_at: Set(now),
        give_up_at: Set(now + RETRY_PERIOD),
        ..Default::default()
    };
    Entity::insert(mail).exec_without_returning(tx).await?;
    Ok(())
}

/// Withdraws the unsent mails of one kind to a customer, because they are superseded. Mails to the address `except` are
/// not withdrawn.
pub(in crate::service) async fn withdraw(
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
    except: Option<&EmailAddress>,
) -> TxResult<()> {
    let mut update = Entity::update_many()
        .set(ActiveModel { status: Set(MailStatus::Withdrawn), ..Default::default() })
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Status.ne(MailStatus::Sent));
    if let Some(except) = except {
        update = update.filter(Column::Recipient.ne(except.clone()));
    }
    update.exec(tx).await?;
    Ok(())
}
