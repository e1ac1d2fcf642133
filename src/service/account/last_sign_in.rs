//! The last login of customers whose sessions were started without recording it, by an earlier release.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};

use crate::db::TxResult;
use crate::entity::{customer, customer_session};

/// A session: its primary key, that of its customer, and the time of the login.
pub(in crate::service) type StartedSession = (i64, i32, DateTime<Utc>);

/// Records the logins that started these sessions, unless a customer has logged in later.
pub(in crate::service) async fn record_sign_ins(
    tx: &impl ConnectionTrait,
    sessions: &[StartedSession],
) -> TxResult<()> {
    use customer::Column::{CustomerId, LastSignInAt};
    use customer_session::Column::CustomerSessionId;
    // In the order of the primary keys: transactions that lock customers in different orders would deadlock.
    let mut latest: BTreeMap<i32, DateTime<Utc>> = BTreeMap::new();
    for (_, customer_id, started_at) in sessions {
        let last = latest.entry(*customer_id).or_insert(*started_at);
        *last = (*last).max(*started_at);
    }
    for (customer_id, started_at) in latest {
        let is_later = Condition::any().add(LastSignInAt.is_null()).add(LastSignInAt.lt(started_at));
        let row = customer::ActiveModel { last_sign_in_at: Set(Some(started_at)), ..Default::default() };
        let update = customer::Entity::update_many().set(row).filter(CustomerId.eq(customer_id));
        update.filter(is_later).exec(tx).await?;
    }
    let recorded = customer_session::ActiveModel { sign_in_recorded: Set(true), ..Default::default() };
    let update = customer_session::Entity::update_many().set(recorded);
    update.filter(CustomerSessionId.is_in(sessions.iter().map(|(id, ..)| *id))).exec(tx).await?;
    Ok(())
}
