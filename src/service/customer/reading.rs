//! How the customers that a filter finds are read. The form of a condition depends on it.
//!
//! There are two ways to read a page of customers that meet a condition. If few rows match, their customers are found
//! first, by the index of the rows, and then sorted. If many match, the customers are read in the order of the page and
//! checked one after the other, until the page is full. Either way reads far too much in the other case, and no database
//! estimates the number of rows well for a statement with parameters. So it is counted before, up to a limit.

use sea_orm::sea_query::{Expr, ExprTrait, Query, QueryStatementBuilder, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait};

use super::sort::SortField;
use crate::app::ctx::Ctx;
use crate::entity::customer::Column;
use crate::error::{Error, Result};
use crate::service::query::condition::column;

/// The number of rows up to which their customers are found first.
const FEW: u64 = 5000;

/// How the customers that a filter finds are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Until a page is full, in an order whose first key is this field.
    Page(SortField),
    /// All of them, to count them.
    All,
}

impl Reading {
    /// Whether customers are checked one after the other.
    pub(super) fn is_paged(self) -> bool {
        matches!(self, Self::Page(_))
    }
}

/// Whether few rows of a table match.
pub(super) async fn are_few<E: EntityTrait>(ctx: &Ctx, rows: SimpleExpr) -> Result<bool> {
    Ok(first_few::<E>(ctx, vec![rows]).await?.is_some())
}

/// The index of the first of these conditions that few rows of a table meet. Each has its own index, whose entries are
/// counted, so the time does not depend on the number of rows.
pub(super) async fn first_few<E: EntityTrait>(
    ctx: &Ctx,
    conditions: Vec<SimpleExpr>,
) -> Result<Option<usize>> {
    let count = conditions.len();
    if count == 0 {
        return Ok(None);
    }
    let mut select = Query::select();
    for rows in conditions {
        let mut beyond = Query::select();
        beyond.expr(Expr::val(1)).from(E::default()).and_where(rows).offset(FEW).limit(1);
        select.expr(SimpleExpr::SubQuery(None, Box::new(beyond.into_sub_query_statement())));
    }
    let row = ctx.list_reader().query_one(&select).await?;
    let row = row.ok_or_else(|| Error::internal("a statement without a table returned no row"))?;
    for index in 0..count {
        if row.try_get_by_index::<Option<i32>>(index)?.is_none() {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// The condition that a customer is one of those whose primary keys a subquery selects, which are found first.
pub(super) fn is_one_of(subquery: SelectStatement, backend: DbBackend) -> SimpleExpr {
    let id = column(Column::CustomerId);
    match backend {
        DbBackend::Sqlite => id.in_subquery(subquery),
        // Keeps the subquery separate from the page's order. Otherwise PostgreSQL sometimes scans the customers in that
        // order until it has enough matches; if few match, it scans all of them.
        _ => {
            let subquery = SimpleExpr::SubQuery(None, Box::new(subquery.into_sub_query_statement()));
            Expr::cust_with_exprs("$1 = ANY(ARRAY $2)", [id, subquery])
        }
    }
}
