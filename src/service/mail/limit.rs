//! The limit of the mails that a customer can request.

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::mail::{Column, Entity};
use crate::error::Error;
use crate::types::MailKind;

/// The maximum number of mails of one kind that a customer can request within an hour.
pub(super) const MAX_PER_HOUR: u64 = 5;

/// Limits the mails that a customer can request.
///
/// # Errors
/// [`Error::RateLimited`] after five mails of this kind within an hour.
pub(in crate::service) async fn check_mail_limit(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> TxResult<()> {
    if count_last_hour(ctx, tx, kind, customer_id).await? >= MAX_PER_HOUR {
        return Err(Error::RateLimited { retry_after: 3600 }.into());
    }
    Ok(())
}

/// Counts the mails of one kind that were enqueued for a customer within the last hour.
pub(super) async fn count_last_hour(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    kind: MailKind,
    customer_id: i32,
) -> TxResult<u64> {
    let clock = &ctx.app.clock;
    let select = Entity::find()
        .filter(Column::CustomerId.eq(customer_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::CreatedAt.gt(clock.now() - TimeDelta::hours(1)))
        .filter(Column::CreatedAt.lte(clock.latest(TimeDelta::zero())));
    Ok(select.count(tx).await?)
}
