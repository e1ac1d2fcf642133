//! The filter by the last login.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{ExprTrait, NullOrdering, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, DbBackend, Order};

use super::compare::{Compare, check_values};
use super::reading::{Reading, are_few, is_one_of};
use super::sort::SortField;
use crate::app::App;
use crate::app::ctx::Ctx;
use crate::entity::customer::{Column, Entity};
use crate::error::{Error, Result};
use crate::service::query::condition::{all_of, column};
use crate::types::is_storable;

/// A filter by the last login. A customer that never logged in does not match.
#[derive(Clone, Debug)]
pub struct SignInCriterion {
    compares: Vec<Compare<DateTime<Utc>>>,
    /// Whether few customers match.
    few: bool,
}

impl SignInCriterion {
    /// The filter with these comparisons, all of which must match.
    pub fn new(compares: Vec<Compare<DateTime<Utc>>>) -> Self {
        Self { compares, few: false }
    }

    /// The number of comparisons.
    pub(super) fn count(&self) -> usize {
        self.compares.len()
    }

    pub(super) fn check(&self) -> Result<()> {
        self.compares.iter().try_for_each(check_timestamps)
    }

    /// Finds out how the customers are best read.
    pub(super) async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        self.few = are_few::<Entity>(ctx, self.rows()).await?;
        Ok(())
    }

    /// The condition on a customer.
    pub(super) fn condition(&self, app: &App, reading: Reading) -> SimpleExpr {
        let rows = self.rows();
        if self.few {
            return is_one_of(found_first(rows, app.db.backend()), app.db.backend());
        }
        match reading {
            Reading::All | Reading::Page(SortField::LastSignInAt) => rows,
            // No index finds this form. Otherwise a database may find all of the many customers before it sorts them.
            Reading::Page(_) => SimpleExpr::case(Column::LastSignInAt.is_null(), false).finally(rows).into(),
        }
    }

    fn rows(&self) -> SimpleExpr {
        let compares = self.compares.iter().map(|compare| compare.condition(column(Column::LastSignInAt)));
        Column::LastSignInAt.is_not_null().and(all_of(compares))
    }
}

/// Selects the primary keys of the few customers that match. PostgreSQL estimates for a statement with parameters that a third
/// of all customers match. The order of the index makes it cheaper than a scan of the table with a sort.
fn found_first(rows: SimpleExpr, backend: DbBackend) -> SelectStatement {
    let mut select = Query::select();
    select.column((Entity, Column::CustomerId)).from(Entity).and_where(rows);
    if backend == DbBackend::Postgres {
        select.order_by_with_nulls((Entity, Column::LastSignInAt), Order::Asc, NullOrdering::First);
    }
    select
}

/// Checks that a comparison has not too many timestamps, and that they can be stored.
pub(super) fn check_timestamps(compare: &Compare<DateTime<Utc>>) -> Result<()> {
    check_values(compare.values().len())?;
    match compare.values().iter().all(|timestamp| is_storable(*timestamp)) {
        true => Ok(()),
        false => Err(Error::invalid("filter", "A timestamp must be in the years 1 to 9999")),
    }
}
