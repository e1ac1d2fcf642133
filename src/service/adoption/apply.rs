//! The adoption itself: the schema, then the columns that only the program computes.

use migration::adoption::{self, Progress};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::session::{AdoptionSession, failure};
use crate::app::ctx::AdminCtx;
use crate::error::{Error, Result};
use crate::service::derived;

/// The rows of [`derived::compute_missing`] per round, for the progress.
const ROUND: u64 = 200;
/// Rounds for rows that the shop adds during the adoption, which ends even if it adds rows all the time: the worker does the
/// rest.
const SPARE_ROUNDS: u64 = 20;

const UNSEARCHABLE: &str = "SELECT count(*) FROM customer WHERE search_text = ''";
const CUSTOMERS: &str = "SELECT count(*) FROM customer WHERE email_key IS NULL";
const ADMINS: &str = "SELECT count(*) FROM admin_user WHERE email_key IS NULL";
const GROUPS: &str = "SELECT count(*) FROM customer_group WHERE name_key IS NULL";

/// What an adoption could not give a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Customers that can't log in at patron, because their e-mail address is not valid or another customer has it.
    pub customers_without_key: u64,
    /// Admins that can't log in at patron, for the same reasons.
    pub admins_without_key: u64,
    /// Groups whose name another group has.
    pub groups_without_key: u64,
}

/// Adopts the database, or continues an adoption that was interrupted. The shop may write all along.
///
/// The calling code has checked that nothing blocks the adoption.
///
/// # Errors
/// [`Error::Conflict`] with what to do, if the schema can't be changed; [`Error::DatabaseUnusable`] if a connection pooler
/// does not keep the settings of a transaction; [`Error::Unavailable`] if the connection is lost. After each of them the
/// adoption can be continued or undone.
pub async fn apply(
    ctx: &AdminCtx,
    session: &AdoptionSession,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Adopted> {
    ctx.app.db.ensure_marked().await?;
    adoption::apply(session.connection(), &mut *report).await.map_err(failure)?;
    ctx.app.db.refresh_sharing().await?;
    compute(ctx, session, report).await?;
    Ok(Adopted {
        customers_without_key: count(session, CUSTOMERS).await?,
        admins_without_key: count(session, ADMINS).await?,
        groups_without_key: count(session, GROUPS).await?,
    })
}

/// Computes the columns that only the program computes.
async fn compute(
    ctx: &AdminCtx,
    session: &AdoptionSession,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<()> {
    let total = count(session, UNSEARCHABLE).await?;
    for round in 0..total.div_ceil(ROUND) * 2 + SPARE_ROUNDS {
        let done = (round * ROUND).min(total);
        report(Progress { step: 1, steps: 1, name: "texts for searches", done, total });
        if !derived::compute_missing(ctx).await? {
            break;
        }
    }
    // Each round takes a batch of admins and groups, and does not say whether there are more.
    let mut missing = without_key(session).await?;
    while missing > 0 {
        derived::compute_missing(ctx).await?;
        let left = without_key(session).await?;
        if left >= missing {
            break;
        }
        missing = left;
    }
    report(Progress { step: 1, steps: 1, name: "texts for searches", done: total, total });
    Ok(())
}

async fn without_key(session: &AdoptionSession) -> Result<u64> {
    Ok(count(session, ADMINS).await? + count(session, GROUPS).await?)
}

pub(super) async fn count(session: &AdoptionSession, sql: &str) -> Result<u64> {
    let row = session.connection().query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| Error::internal("the database did not return a row"))?;
    Ok(u64::try_from(row.try_get_by_index::<i64>(0)?).unwrap_or_default())
}
