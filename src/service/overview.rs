//! The numbers of the overview for admins. Each is counted in an index, so that a million customers take a fraction of a
//! second.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, Query, QueryStatementBuilder, SelectStatement, SimpleExpr,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait};

use crate::app::ctx::AdminCtx;
use crate::entity::{admin_second_factor, admin_user, customer, mail, webhook_delivery};
use crate::error::{Error, Result};
use crate::service::query::condition::column;
use crate::types::{DeliveryStatus, MailStatus};

/// The number of days with their registrations.
const DAYS: usize = 30;

/// The numbers of customers.
#[derive(Clone, Copy, Debug)]
pub struct CustomerCounts {
    /// All customers.
    pub total: i64,
    /// Those that may log in.
    pub enabled: i64,
}

/// The numbers of registrations.
#[derive(Clone, Debug)]
pub struct RegistrationCounts {
    /// In the last 24 hours.
    pub last_day: i64,
    /// In the last seven days.
    pub last_week: i64,
    /// On each of the last 30 days in UTC, the oldest first.
    pub per_day: Vec<(NaiveDate, i64)>,
}

/// The lengths of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueCounts {
    /// Waiting to be sent, or to be retried.
    pub pending: i64,
    /// Failed permanently.
    pub failed: i64,
}

/// The numbers of admins that may log in.
#[derive(Clone, Copy, Debug)]
pub struct AdminCounts {
    /// All of them.
    pub total: i64,
    /// Those whose second factor is off.
    pub without_second_factor: i64,
}

/// Counts customers.
pub async fn customers(ctx: &AdminCtx) -> Result<CustomerCounts> {
    use customer::Column::Status;
    let of = count::<customer::Entity>;
    // The statuses of disabled customers are less than or greater than 1. Usually there are few of them.
    let [total, less, greater] =
        counts(ctx, [of(Condition::all()), of(all(Status.lt(1))), of(all(Status.gt(1)))]).await?;
    Ok(CustomerCounts { total, enabled: total - less - greater })
}

/// Counts registrations.
pub async fn registrations(ctx: &AdminCtx) -> Result<RegistrationCounts> {
    let clock = &ctx.app.clock;
    let now = clock.now();
    let since = |days: i64| registered_between(now - TimeDelta::days(days), clock.latest(TimeDelta::zero()));
    let [last_day, last_week] = counts(ctx, [since(1), since(7)]).await?;
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let days: [NaiveDate; DAYS] = std::array::from_fn(|index| {
        let ago = DAYS - 1 - index;
        now.date_naive() - Days::new(ago as u64)
    });
    let on = |day: NaiveDate| registered_between(midnight(day), midnight(day + Days::new(1)));
    let per_day = counts(ctx, days.map(on)).await?;
    Ok(RegistrationCounts { last_day, last_week, per_day: days.into_iter().zip(per_day).collect() })
}

fn registered_between(from: DateTime<Utc>, until: DateTime<Utc>) -> SelectStatement {
    use customer::Column::CreatedAt;
    count::<customer::Entity>(all(CreatedAt.gte(from)).add(CreatedAt.lt(until)))
}

/// Counts the mails that wait or failed.
pub async fn mails(ctx: &AdminCtx) -> Result<QueueCounts> {
    let with = |status: MailStatus| count::<mail::Entity>(all(mail::Column::Status.eq(status)));
    let [pending, failed] = counts(ctx, [with(MailStatus::Pending), with(MailStatus::Failed)]).await?;
    Ok(QueueCounts { pending, failed })
}

/// Counts the webhook deliveries that wait or failed.
pub async fn deliveries(ctx: &AdminCtx) -> Result<QueueCounts> {
    use webhook_delivery::{Column, Entity};
    let with = |status: DeliveryStatus| count::<Entity>(all(Column::Status.eq(status)));
    let [pending, failed] =
        counts(ctx, [with(DeliveryStatus::Pending), with(DeliveryStatus::DeadLetter)]).await?;
    Ok(QueueCounts { pending, failed })
}

/// Counts the admins that may log in.
pub async fn admins(ctx: &AdminCtx) -> Result<AdminCounts> {
    use admin_second_factor::Column::{AdminUserId, ConfirmedAt};
    let enabled = all(admin_user::Column::Status.eq(true));
    let mut factor = Query::select();
    factor.expr(Expr::val(1)).from(admin_second_factor::Entity).and_where(ConfirmedAt.is_not_null());
    factor.and_where(column(AdminUserId).eq(column(admin_user::Column::AdminUserId)));
    let without = enabled.clone().add(Expr::exists(factor).not());
    let of = count::<admin_user::Entity>;
    let [total, without_second_factor] = counts(ctx, [of(enabled), of(without)]).await?;
    Ok(AdminCounts { total, without_second_factor })
}

fn all(condition: SimpleExpr) -> Condition {
    Condition::all().add(condition)
}

/// Selects the number of rows of a table that meet a condition.
fn count<E: EntityTrait>(condition: Condition) -> SelectStatement {
    Query::select().expr(Expr::col(Asterisk).count()).from(E::default()).cond_where(condition).take()
}

/// Reads several numbers in one statement.
async fn counts<const N: usize>(ctx: &AdminCtx, numbers: [SelectStatement; N]) -> Result<[i64; N]> {
    let mut select = Query::select();
    for number in numbers {
        select.expr(SimpleExpr::SubQuery(None, Box::new(number.into_sub_query_statement())));
    }
    let row = ctx.list_reader().query_one(&select).await?;
    let row = row.ok_or_else(|| Error::internal("a statement without a table returned no row"))?;
    let mut values = [0; N];
    for (index, value) in values.iter_mut().enumerate() {
        *value = row.try_get_by_index(index)?;
    }
    Ok(values)
}
